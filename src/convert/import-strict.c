/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/import-strict.h"

#include <errno.h>
#include <stdio.h>

#include "convert/systemd.h"
#include "policy/unit-line.h"
#include "policy/value/names.h"
#include "util/parse.h"
#include "util/text.h"

/* The user for a service with DynamicUser=, for which systemd would make a user. This user owns no files. */
#define NOBODY "nobody"

static const ImportLine *find_line(const Import *import, const char *key) {
        for (size_t i = 0; i < import->n_lines; i++)
                if (import->lines[i].key && streq(import->lines[i].key, key))
                        return &import->lines[i];
        return NULL;
}

/* The unit's line for a boolean directive, if its value is yes. */
static const ImportLine *find_yes(const Import *import, const char *key) {
        const ImportLine *line = find_line(import, key);
        bool b;

        return line && parse_boolean(line->value, &b) >= 0 && b ? line : NULL;
}

bool import_is_dynamic(const Import *import) {
        return !import->user && find_yes(import, "DynamicUser");
}

/* With DynamicUser=yes, systemd ignores these lines. */
static int drop_undone(Import *import) {
        static const DirectiveId undone[] = { D_PrivateTmp, D_RestrictSUIDSGID, D_ProtectHome };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++)
                for (size_t k = 0; r >= 0 && k < ELEMENTSOF(undone); k++)
                        if (import->items[i].id == undone[k] && streq(import->items[i].text, "no") &&
                            !import->items[i].dropped)
                                r = import_drop(import, &import->items[i], "DynamicUser= overrides it");
        return r;
}

static int apply_dynamic_user(Import *import) {
        const ImportLine *line = find_yes(import, "DynamicUser");
        int r;

        if (!import_is_dynamic(import))
                return 0;
        r = drop_undone(import);
        if (r >= 0 && !import_has(import, D_User)) {
                r = import_add(import, D_User, line, NOBODY, false);
                if (r >= 0)
                        r = import_note_replaced(import, line, "isorun does not create users: the policy uses " NOBODY);
        }
        return r;
}

/* Whether the group, or a group in it, contains the call. */
static bool group_has(const SyscallGroup *group, const char *call) {
        for (const SyscallMember *m = group->members; *m; m++)
                if (streq(syscall_member_name(*m), call) ||
                    (syscall_member_group(*m) && group_has(syscall_member_group(*m), call)))
                        return true;
        return false;
}

/* Whether a word of SystemCallFilter= allows any call of denied, which is a call or a group. */
static bool allows(const char *word, const char *denied) {
        const SyscallGroup *group = syscall_group_find(word), *among = syscall_group_find(denied);

        if (!among)
                return streq(word, denied) || (group && group_has(group, denied));
        for (const SyscallMember *m = among->members; *m; m++)
                if (allows(word, syscall_member_name(*m)))
                        return true;
        return streq(word, denied);
}

/* Whether the policy's lists allow any call of denied. The default list has none of the calls in the table below. */
static bool leaves_allowed(const Import *import, const char *denied) {
        const ImportItem *first = NULL;
        bool allowed = false;

        for (size_t i = 0; i < import->n_items; i++) {
                const ImportItem *item = &import->items[i];

                if (item->id != D_SystemCallFilter || item->dropped)
                        continue;
                if (!first) {
                        first = item;
                        allowed = item->inverted;
                }
                if (!item->inverted && allows(item->text, denied))
                        allowed = true;
                if (item->inverted && streq(item->text, denied))
                        allowed = false;
        }
        return allowed;
}

/* Removes the capability from the lists that name it. If the bounding set is a list of exceptions, adds it there. */
static int deny_capability(Import *import, const ImportLine *line, const char *capability) {
        bool inverted = false, named = false;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < import->n_items; i++) {
                ImportItem *item = &import->items[i];

                if ((item->id != D_CapabilityBoundingSet && item->id != D_AmbientCapabilities) || item->dropped)
                        continue;
                inverted = inverted || (item->id == D_CapabilityBoundingSet && item->inverted);
                named = named || (item->inverted && streq(item->text, capability));
                if (!item->inverted && streq(item->text, capability))
                        r = import_drop(import, item, "another line of the unit takes this capability away");
        }
        return r >= 0 && inverted && !named ? import_add(import, D_CapabilityBoundingSet, line, capability, true) : r;
}

/* Takes away the capabilities and calls that the line takes away from a service, in addition to those that isorun
 * always takes away: systemd.exec(5). Does not hide implied->hidden: exported units have ProtectKernelModules=, and
 * must become the same policy again. */
static int apply_implied(Import *import, const UnitLine *implied) {
        const ImportLine *line = find_yes(import, implied->key);
        int r = 0;

        if (!line)
                return 0;
        for (const char *const *c = implied->capabilities; r >= 0 && c && *c; c++)
                r = deny_capability(import, line, *c);
        if (r >= 0 && implied->calls && leaves_allowed(import, implied->calls))
                r = import_add(import, D_SystemCallFilter, line, implied->calls, true);
        return r;
}

int import_apply_implied(Import *import) {
        static const char *const capabilities[] = { "CAP_MKNOD", "CAP_SYS_RAWIO", NULL };
        static const UnitLine devices = { .key = "PrivateDevices", .capabilities = capabilities, .calls = "@raw-io" };
        int r = apply_dynamic_user(import);

        for (const UnitLine *line = unit_lines; r >= 0 && line->key; line++)
                if (line->kind == UNIT_LINE_ALWAYS)
                        r = apply_implied(import, line);
        return r < 0 ? r : apply_implied(import, &devices);
}

/* Whether the list has no other word. Without any word, the default list would apply. */
static bool is_last_allowed(const Import *import, const ImportItem *item) {
        for (size_t i = 0; i < import->n_items; i++)
                if (&import->items[i] != item && import->items[i].id == item->id && !import->items[i].inverted &&
                    !import->items[i].dropped)
                        return false;
        return true;
}

/* Whether the item denies a system call that does not exist. systemd ignores such a name. A group may be one of a newer
 * systemd. */
static bool denies_nothing(const ImportItem *item) {
        char name[64];

        if (!item->inverted || item->text[0] == '@' || strcspn(item->text, ":") >= sizeof(name))
                return false;
        snprintf(name, sizeof(name), "%.*s", (int) strcspn(item->text, ":"), item->text);
        return !syscall_is_listed(name);
}

bool import_may_drop(const Import *import, const ImportItem *item) {
        switch (item->id) {
        case D_User:
        case D_Group:
                return import->user; /* otherwise the payload would be root */
        case D_SystemCallFilter:
                return denies_nothing(item) || (!item->inverted && !is_last_allowed(import, item));
        case D_RestrictAddressFamilies:
                return !item->inverted && !is_last_allowed(import, item);
        case D_CapabilityBoundingSet:
        case D_RestrictNamespaces:
        case D_SystemCallArchitectures:
                return !item->inverted; /* the default is the strictest */
        default:
                return !systemd_restricts(directive_table[item->id].name);
        }
}

/* Replaces a user or group that does not exist, and that systemd would make. */
static int replace_user(Import *import, ImportItem *item) {
        const ImportLine *line = find_yes(import, "DynamicUser");
        int r;

        if (!import_is_dynamic(import) || streq(item->text, NOBODY))
                return 0;
        r = import_note_replaced(import, line, "isorun does not create the %s %s: the policy uses " NOBODY,
                                 item->id == D_User ? "user" : "group", item->text);
        if (r < 0)
                return r;
        if (item->id == D_Group) {
                item->dropped = true;
                return 1;
        }
        free(item->text);
        item->text = strdup(NOBODY);
        return item->text ? 1 : -ENOMEM;
}

/* For a path that does not exist. systemd would not start the service; the policy hides the path if it exists later. */
static int replace_inaccessible(Import *import, ImportItem *item) {
        const ImportLine line = { .origin = item->origin, .key = (char *) "InaccessiblePaths", .value = item->text };
        char *text;

        if (item->text[0] == '-')
                return 0;
        text = format("-%s", item->text);
        if (!text || import_note_replaced(import, &line, "this path does not exist now: isorun hides it if it exists")
                                          < 0) {
                free(text);
                return -ENOMEM;
        }
        free(item->text);
        item->text = text;
        return 1;
}

int import_replace(Import *import, ImportItem *item) {
        if (item->id == D_User || item->id == D_Group)
                return replace_user(import, item);
        return item->id == D_InaccessiblePaths ? replace_inaccessible(import, item) : 0;
}
