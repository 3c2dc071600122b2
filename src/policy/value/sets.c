/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of [Sandbox] that are sets of kernel names: capabilities, system calls, address families, namespaces. */
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>

#include "policy/value/names.h"
#include "policy/value/value.h"
#include "util/parse.h"
#include "util/strv.h"

/* number: the capability. */
static int check_capability(ValueParser *p, const char *word, Value *v) {
        const NamedNumber *known;
        int number;

        if (parse_int(word, 0, CAP_LAST_CAP, &number) >= 0) {
                v->number = (uint64_t) number;
                return 0;
        }
        known = capability_find(word);
        if (!known)
                return value_not(p, "a capability", word);
        v->number = (uint64_t) known->number;
        return 0;
}

static int parse_capabilities(ValueParser *p, const char *text) {
        return value_set(p, text, check_capability);
}

/* words: only the system call or group; number: the errno after the colon; number2: whether there is one. */
static int check_system_call(ValueParser *p, const char *word, Value *v) {
        _cleanup_free_ char *name = strdup(word);
        char *colon;
        int error;

        if (!name)
                return -ENOMEM;

        colon = strchr(name, ':');
        if (colon) {
                *colon++ = '\0';
                if (parse_errno(colon, &error) < 0 || error == 0)
                        return value_not(p, "an error name or number (such as EPERM)", colon);
                v->number = (uint64_t) error;
                v->number2 = true;
        }

        if (name[0] == '@' ? !syscall_group_find(name) : !syscall_is_listed(name))
                return value_not(p, name[0] == '@' ? "a group of system calls" : "a system call", name);
        return strv_consume(&v->words, TAKE_PTR(name));
}

static int parse_system_calls(ValueParser *p, const char *text) {
        return value_set(p, text, check_system_call);
}

static int parse_error_number(ValueParser *p, const char *text) {
        int error;

        if (parse_errno(text, &error) < 0 || error == 0)
                return value_not(p, "an error name or number (such as EPERM)", text);
        return value_emit(p, text, (Value) { .number = (uint64_t) error });
}

/* number: libseccomp's token of the architecture; 0 for the native one (SCMP_ARCH_NATIVE). */
static int check_architecture(ValueParser *p, const char *word, Value *v) {
        const NamedNumber *known = named_find(architectures, word);

        if (!known)
                return value_not(p, "an architecture (such as x86-64)", word);
        v->number = (uint32_t) known->number;
        return 0;
}

static int parse_architectures(ValueParser *p, const char *text) {
        if (text[0] == '~')
                return value_error(p, "this list cannot begin with ~");
        return value_set(p, text, check_architecture);
}

/* number: the address family. "none" becomes one item without text, of a list that allows. */
static int check_family(ValueParser *p, const char *word, Value *v) {
        const NamedNumber *family = named_find(address_families, word);

        if (!family)
                return value_not(p, "an address family or \"none\"", word);
        v->number = (uint64_t) family->number;
        return 0;
}

static int parse_families(ValueParser *p, const char *text) {
        return streq(text, "none") ? value_emit(p, "", (Value) { .whole = true }) : value_set(p, text, check_family);
}

/* number: CLONE_NEW*. A boolean becomes one item without text: "yes" of a list that allows, "no" of a list that
 * denies. */
static int check_namespace(ValueParser *p, const char *word, Value *v) {
        const NamedNumber *type = named_find(namespace_types, word);

        if (!type)
                return value_not(p, "a boolean or a namespace type", word);
        v->number = (uint64_t) type->number;
        return 0;
}

static int parse_namespaces(ValueParser *p, const char *text) {
        bool b;

        if (parse_boolean(text, &b) >= 0)
                return value_emit(p, "", (Value) { .inverted = !b, .whole = true });
        return value_set(p, text, check_namespace);
}

static int push_capabilities(char ***words) {
        int r = 0;

        for (const NamedNumber *n = capability_names; r >= 0 && n->name; n++) {
                char name[CAPABILITY_NAME_MAX] = "";

                for (size_t i = 0; n->name[i]; i++)
                        name[i] = (char) toupper((unsigned char) n->name[i]);
                r = strv_push(words, name);
        }
        return r;
}

/* The groups, and those of their system calls that have a number. */
static int system_call_names(char ***words) {
        int r = 0;

        for (const SyscallGroup *g = syscall_groups; r >= 0 && g->name; g++) {
                r = strv_push(words, g->name);
                for (const SyscallMember *m = g->members; r >= 0 && *m; m++) {
                        const char *name = syscall_member_name(*m);

                        if (!syscall_member_group(*m) && !strv_contains(*words, name) &&
                            syscall_number(name) != SYSCALL_UNKNOWN)
                                r = strv_push(words, name);
                }
        }
        return r;
}

static int error_names(char ***words) {
        int r = 0;

        for (int n = 1; r >= 0 && n <= ERRNO_MAX; n++)
                if (strerrorname_np(n))
                        r = strv_push(words, strerrorname_np(n));
        return r;
}

static int push_names(const NamedNumber *table, char ***words) {
        int r = 0;

        for (; r >= 0 && table->name; table++)
                r = strv_push(words, table->name);
        return r;
}

static int family_names(char ***words) {
        int r = strv_push(words, "none");

        return r < 0 ? r : push_names(address_families, words);
}

static int architecture_names(char ***words) {
        return push_names(architectures, words);
}

static const char *const namespace_choices[] = { "yes", "no", NULL };

static int namespace_names(char ***words) {
        return push_names(namespace_types, words);
}

const ValueType type_capabilities = { "[~]CAP_…", parse_capabilities, NULL, push_capabilities };
const ValueType type_system_calls = { "[~]NAME[:ERRNO]|@GROUP…", parse_system_calls, NULL, system_call_names };
const ValueType type_error_number = { "ERRNO", parse_error_number, NULL, error_names };
const ValueType type_architectures = { "native|ARCHITECTURE…", parse_architectures, NULL, architecture_names };
const ValueType type_families = { "none|[~]AF_…", parse_families, NULL, family_names };
const ValueType type_namespaces = { "BOOLEAN|[~]NAMESPACE…", parse_namespaces, namespace_choices, namespace_names };
