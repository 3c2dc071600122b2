/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import-model.h"

#include <errno.h>
#include <search.h>

#include "convert/systemd.h"
#include "policy/value/value.h"
#include "util/array.h"
#include "util/escape.h"
#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

void import_deinit(Import *import) {
        for (size_t i = 0; i < import->n_lines; i++) {
                free(import->lines[i].key);
                free(import->lines[i].value);
        }
        for (size_t i = 0; i < import->n_items; i++) {
                free(import->items[i].text);
                free(import->items[i].destination);
        }
        for (size_t i = 0; i < import->n_notes; i++) {
                free(import->notes[i].key);
                free(import->notes[i].value);
                free(import->notes[i].reason);
        }
        free(import->lines);
        free(import->items);
        free(import->volumes);
        tdestroy(import->bind_texts, free);
        free(import->notes);
        strv_free(import->files);
        strv_free(import->own_paths);
        *import = (Import) {};
}

enum { VALUE_MAX = 500 }; /* of a line, in a note */

static int add_note(Import *import, const ImportLine *line, ImportOutcome outcome, const char *fmt, va_list ap)
        _printf_(4, 0);
static int add_note(Import *import, const ImportLine *line, ImportOutcome outcome, const char *fmt, va_list ap) {
        ImportNote *note = ARRAY_APPEND(import->notes, import->n_notes);

        if (!note)
                return -ENOMEM;
        note->reason = formatv(fmt, ap);
        note->origin = line->origin;
        note->outcome = outcome;
        note->key = strdup(line->key);
        /* Each of thousands of words in one line may have a note. */
        note->value = strlen(line->value) > VALUE_MAX ? format("%.*s…", VALUE_MAX, line->value) : strdup(line->value);
        return note->reason && note->key && note->value ? 0 : -ENOMEM;
}

int import_note(Import *import, const ImportLine *line, bool met, const char *fmt, ...) {
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = add_note(import, line, met ? IMPORT_MET : systemd_restricts(line->key) ? IMPORT_REFUSED : IMPORT_LEFT_OUT,
                     fmt, ap);
        va_end(ap);
        return r;
}

int import_note_replaced(Import *import, const ImportLine *line, const char *fmt, ...) {
        va_list ap;
        int r;

        va_start(ap, fmt);
        r = add_note(import, line, IMPORT_REPLACED, fmt, ap);
        va_end(ap);
        return r;
}

bool import_is_whole(const Directive *d) {
        return !d->list || systemd_is_pair(d) || d->type == &type_set_credential;
}

/* Whether the text stays one line of the policy and is safe to print on a terminal: it has no control characters, and
 * no backslash at its end. A unit's name can put any character into a value (%I). Returns 1, 0, or -ENOMEM. */
static int is_one_line(const char *text) {
        _cleanup_free_ char *plain = strdup(text), *escaped = NULL;

        if (!plain)
                return -ENOMEM;
        for (char *tab = plain; (tab = strchr(tab, '\t'));)
                *tab = ' ';
        escaped = escape(plain);
        if (!escaped)
                return -ENOMEM;
        return streq(plain, escaped) && !endswith(text, "\\");
}

static int compare_text(const void *a, const void *b) {
        return strcmp(a, b);
}

/* Two directives can ask for the same directory. Returns 1 if the item is not there yet, 0, or -ENOMEM. */
static int is_new_bind(Import *import, DirectiveId id, const char *text) {
        char *key = format("%u %s", (unsigned) id, text), *const *found;

        found = key ? tsearch(key, &import->bind_texts, compare_text) : NULL;
        if (!found || *found != key)
                free(key);
        return !found ? -ENOMEM : *found == key;
}

int import_add(Import *import, DirectiveId id, const ImportLine *line, const char *text, bool inverted) {
        ImportItem *item;
        int r;

        r = import_is_whole(&directive_table[id]) ? is_one_line(text) : 1;
        if (r <= 0)
                return r < 0 ? r : import_note(import, line, false,
                                               "the value contains control characters or ends with a backslash");
        if (directive_table[id].type == &type_bind) {
                r = is_new_bind(import, id, text);
                if (r <= 0)
                        return r;
        }
        item = ARRAY_APPEND(import->items, import->n_items);
        if (!item)
                return -ENOMEM;
        *item = (ImportItem) { .id = id, .text = strdup(text), .inverted = inverted, .origin = line->origin };
        return item->text ? 0 : -ENOMEM;
}

int import_open(Import *import, DirectiveId id, const char *words, const char *why) {
        _cleanup_strv_free_ char **split = NULL;
        const ImportLine nowhere = {};
        int r;

        r = word_split(words, &split);
        for (char **w = split; r >= 0 && w && *w; w++) {
                size_t n = import->n_items;

                r = import_add(import, id, &nowhere, *w + (**w == '~'), **w == '~');
                if (r >= 0 && import->n_items > n)
                        import->items[import->n_items - 1].opened = why;
        }
        return r;
}

int import_open_calls(Import *import, const char *words, const char *why) {
        int r = import_open(import, D_SystemCallFilter, words, why);

        if (r < 0)
                return r;
        return import_open(import, D_SystemCallFilter, "~userfaultfd ~kcmp ~process_vm_readv ~process_vm_writev",
                           "isorun's default denies these, too: they help to attack the kernel and processes");
}

int import_drop(Import *import, ImportItem *item, const char *reason) {
        const ImportLine line = { .origin = item->origin, .key = (char *) directive_table[item->id].name,
                                  .value = item->text };
        int r;

        item->dropped = true;
        if (item->opened)
                return 0;
        r = import_note(import, &line, false, "%s", reason);
        if (r >= 0) /* the caller knows that the policy is not weaker without it */
                import->notes[import->n_notes - 1].outcome = IMPORT_LEFT_OUT;
        return r;
}

char *import_item_value(const ImportItem *item) {
        _cleanup_text_ Text value = {};

        if (import_is_whole(&directive_table[item->id]))
                return strdup(item->text);
        if (text_open(&value) < 0)
                return NULL;
        if (*item->text)
                word_write(value.f, item->text, 0);
        return text_finish(&value);
}

bool import_has(const Import *import, DirectiveId id) {
        for (size_t i = 0; i < import->n_items; i++)
                if (import->items[i].id == id && !import->items[i].dropped)
                        return true;
        return false;
}
