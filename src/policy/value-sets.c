/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The types of [Sandbox] that are sets of the kernel's names: capabilities, system calls, families, namespaces. */
#include <errno.h>
#include <seccomp.h>
#include <sys/capability.h>

#include "policy/names.h"
#include "policy/value.h"
#include "util/parse.h"
#include "util/strv.h"

/* number: the capability. */
static int check_capability(ValueParser *p, const char *word, Value *v) {
        cap_value_t cap;

        if (word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz0123456789")] ||
            cap_from_name(word, &cap) < 0 || cap > CAP_LAST_CAP)
                return value_not(p, "a capability", word);
        v->number = (uint64_t) cap;
        return 0;
}

static int parse_capabilities(ValueParser *p, const char *text) {
        return value_set(p, text, check_capability);
}

/* words: the system call or group alone; number: the errno behind the colon; number2: whether there was one. */
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
                        return value_not(p, "an errno", colon);
                v->number = (uint64_t) error;
                v->number2 = true;
        }

        if (name[0] == '@' ? !syscall_group_find(name) : seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
                return value_not(p, name[0] == '@' ? "a group of system calls" : "a system call", name);
        return strv_consume(&v->words, TAKE_PTR(name));
}

static int parse_system_calls(ValueParser *p, const char *text) {
        return value_set(p, text, check_system_call);
}

static int parse_error_number(ValueParser *p, const char *text) {
        int error;

        if (parse_errno(text, &error) < 0 || error == 0)
                return value_not(p, "an errno", text);
        return value_emit(p, text, (Value) { .number = (uint64_t) error });
}

/* number: the architecture's token of libseccomp, 0 for the native one (SCMP_ARCH_NATIVE). */
static int check_architecture(ValueParser *p, const char *word, Value *v) {
        static const NamedNumber systemd_names[] = { /* which libseccomp calls otherwise, or not at all */
                { "native", SCMP_ARCH_NATIVE },       { "x86-64", (int) SCMP_ARCH_X86_64 },
                { "arm64", (int) SCMP_ARCH_AARCH64 }, { "mips-le", (int) SCMP_ARCH_MIPSEL },
                { "ppc64-le", (int) SCMP_ARCH_PPC64LE }, {},
        };
        const NamedNumber *known = named_find(systemd_names, word);

        v->number = known ? (uint32_t) known->number : seccomp_arch_resolve_name(word);
        if (!known && v->number == 0)
                return value_not(p, "an architecture", word);
        return 0;
}

static int parse_architectures(ValueParser *p, const char *text) {
        if (text[0] == '~')
                return value_error(p, "takes no ~");
        return value_set(p, text, check_architecture);
}

/* number: the family; "none" is an empty list of those allowed. */
static int check_family(ValueParser *p, const char *word, Value *v) {
        const NamedNumber *family = named_find(address_families, word);

        if (!family)
                return value_not(p, "an address family, or none", word);
        v->number = (uint64_t) family->number;
        return 0;
}

static int parse_families(ValueParser *p, const char *text) {
        return streq(text, "none") ? value_emit(p, "", (Value) { .whole = true }) : value_set(p, text, check_family);
}

/* number: CLONE_NEW*. A boolean is turned into a list without items: of the allowed ones, or of the denied. */
static int check_namespace(ValueParser *p, const char *word, Value *v) {
        const NamedNumber *type = named_find(namespace_types, word);

        if (!type)
                return value_not(p, "a boolean or a kind of namespace", word);
        v->number = (uint64_t) type->number;
        return 0;
}

static int parse_namespaces(ValueParser *p, const char *text) {
        bool b;

        if (parse_boolean(text, &b) >= 0)
                return value_emit(p, "", (Value) { .inverted = !b, .whole = true });
        return value_set(p, text, check_namespace);
}

static const char *const namespace_choices[] = { "yes", "no", "cgroup", "ipc", "net", "mnt",
                                                 "pid", "user", "uts",    "time", NULL };

const ValueType type_capabilities = { "[~]CAP_…", parse_capabilities, NULL };
const ValueType type_system_calls = { "[~]NAME[:ERRNO]|@GROUP…", parse_system_calls, NULL };
const ValueType type_error_number = { "ERRNO", parse_error_number, NULL };
const ValueType type_architectures = { "native|ARCHITECTURE…", parse_architectures, NULL };
const ValueType type_families = { "none|[~]AF_…", parse_families, NULL };
const ValueType type_namespaces = { "BOOLEAN|[~]NAMESPACE…", parse_namespaces, namespace_choices };
