/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/lines.h"

#include <ctype.h>
#include <errno.h>

#include "util/strv.h"
#include "util/text.h"
#include "util/word.h"

/* How a value may stand in a line. Which one it is depends on its type: the first that is read as the same value. */
typedef enum Form {
        FORM_WORD,  /* with the quotes and escapes that a word needs */
        FORM_PLAIN, /* up to the end of the line */
        FORM_RAW,   /* the same, as it was read: without specifiers */
        FORM_GRANT, /* a writable place: the text is only the path */
        FORM_PAIR,  /* of a name and a content, which the text does not have */
        FORM_WHOLE, /* of a set that is all, or none */
        _FORM_MAX,
} Form;

static bool same_words(char *const *a, char *const *b) {
        size_t n = strv_length(a);

        if (strv_length(b) != n)
                return false;
        for (size_t i = 0; i < n; i++)
                if (!streq(a[i], b[i]))
                        return false;
        return true;
}

static bool same_value(const Value *a, const Value *b) {
        return streq(a->text, b->text) && same_words(a->words, b->words) && a->number == b->number &&
               a->number2 == b->number2 && a->size.number == b->size.number && a->size.relative == b->size.relative &&
               a->n_bitmap == b->n_bitmap && (!a->n_bitmap || memcmp(a->bitmap, b->bitmap, a->n_bitmap) == 0) &&
               a->relative == b->relative && a->inverted == b->inverted && a->optional == b->optional &&
               a->whole == b->whole;
}

/* Each reader of the line may expand them differently. In "50%" is none. */
static bool has_specifiers(const char *text) {
        for (const char *c = text; (c = strchr(c, '%')); c += c[1] == '%' ? 2 : 1)
                if (isalpha((unsigned char) c[1]))
                        return true;
        return false;
}

static void write_value(const Directive *d, const Value *v, Form form, FILE *f) {
        /* The text of a volume has the mark already. */
        const bool marked = *v->text == '-' || *v->text == '?';

        fprintf(f, "%s%s", v->inverted && !v->whole ? "~" : "", v->optional && !marked ? "-" : "");
        if ((form == FORM_WORD || form == FORM_GRANT) && *v->text)
                word_write(f, v->text, WORD_PERCENT);
        if (form == FORM_GRANT)
                fputs(":rw", f);
        else if (form == FORM_PLAIN)
                percent_write(f, v->text);
        else if (form == FORM_RAW && !has_specifiers(v->text))
                fputs(v->text, f);
        else if (form == FORM_PAIR && strv_length(v->words) == 2) {
                literal_write(f, v->words[0], true);
                fputc(':', f);
                literal_write(f, v->words[1], false);
        }
        else if (form == FORM_WHOLE && v->whole)
                fputs(d->type == &type_families ? "none" : v->inverted ? "no" : "yes", f);
}

/* Returns the number of values at the beginning of the list that the line stands for, or -errno: -EBADMSG if it stands
 * for others. "any" stands for two. */
static ssize_t read_back(const Policy *policy, const Directive *d, const char *line, const SettingList *list) {
        _cleanup_(policy_freep) Policy *read = policy_new(&policy->specifiers);
        const SettingList *found = read ? &read->settings[directive_id(d)] : NULL;
        Report silent = {};
        int r = read ? policy_assign(read, (Origin) {}, NULL, d->name, line, &silent) : -ENOMEM;

        if (r == -ENOMEM)
                return r;
        if (r < 0 || found->n == 0 || found->n > list->n)
                return -EBADMSG;
        for (size_t i = 0; i < found->n; i++)
                if (!same_value(&found->items[i].value, &list->items[i].value))
                        return -EBADMSG;
        return (ssize_t) found->n;
}

/* Finds the line for the first values of the list. Returns their number, or -errno. */
static ssize_t find_line(const Policy *policy, const Directive *d, const SettingList *list, char **ret) {
        for (Form form = 0; form < _FORM_MAX; form++) {
                _cleanup_text_ Text text = {};
                _cleanup_free_ char *line = NULL;
                ssize_t n;

                if (text_open(&text) < 0)
                        return -ENOMEM;
                write_value(d, &list->items[0].value, form, text.f);
                line = text_finish(&text);
                n = line ? read_back(policy, d, line, list) : -ENOMEM;
                if (n == -EBADMSG)
                        continue;
                if (n > 0)
                        *ret = TAKE_PTR(line);
                return n;
        }
        return -EBADMSG;
}

static bool is_empty_default(const Directive *d, const SettingList *list) {
        static const Value empty = { .text = (char *) "" };

        return d->fallback && !*d->fallback && list->n == 1 && same_value(&list->items[0].value, &empty);
}

static int visit_list(const Policy *policy, const Directive *d, PolicyLineVisit visit, void *userdata) {
        SettingList left = policy->settings[directive_id(d)];
        int r = 0;

        if (is_empty_default(d, &left))
                return visit(userdata, d, "", left.items[0].origin);
        while (r == 0 && left.n > 0) {
                _cleanup_free_ char *line = NULL;
                ssize_t n = find_line(policy, d, &left, &line);

                if (n < 0)
                        return (int) n;
                r = visit(userdata, d, line, left.items[0].origin);
                left = (SettingList) { left.items + n, left.n - (size_t) n };
        }
        return r;
}

int policy_lines(const Policy *policy, PolicyLineVisit visit, void *userdata, const Directive **ret_bad) {
        for (const Directive *d = directive_table; d < directive_table + _DIRECTIVE_MAX; d++) {
                int r = visit_list(policy, d, visit, userdata);

                if (r == -EBADMSG)
                        *ret_bad = d;
                if (r != 0)
                        return r;
        }
        return 0;
}
