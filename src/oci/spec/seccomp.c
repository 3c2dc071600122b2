/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.seccomp, compiled with libseccomp, which is loaded for that. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/json.h"
#include "oci/spec/filter.h"
#include "oci/spec/parts.h"
#include "policy/value/names.h"
#include "util/fd.h"
#include "util/library.h"
#include "util/parse.h"
#include "util/strv.h"

#define FUNCTIONS(X)                    \
        X(seccomp_init)                 \
        X(seccomp_release)              \
        X(seccomp_arch_add)             \
        X(seccomp_arch_resolve_name)    \
        X(seccomp_arch_native)          \
        X(seccomp_attr_set)             \
        X(seccomp_syscall_resolve_name) \
        X(seccomp_syscall_resolve_name_arch) \
        X(seccomp_rule_add_array)       \
        X(seccomp_export_bpf)

enum { ARCHITECTURES_MAX = 16 };

typedef struct Compiler {
        FUNCTIONS(LIBRARY_POINTER)
        scmp_filter_ctx context;
        uint32_t default_action;
        NewestCall newest[ARCHITECTURES_MAX]; /* of the calls that rules name */
        size_t n_newest;
        char **unknown; /* system calls that libseccomp does not know */
} Compiler;

static int load(const Place *place, Compiler *ret) {
        static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) };
        int r = library_load("libseccomp.so.2", names, ELEMENTSOF(names), ret);

        return r < 0 ? place_error(place, -r, "a filter needs libseccomp.so.2%s", library_advice()) : 0;
}

static const struct {
        const char *name;
        uint32_t action;
} actions[] = {
        { "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },        { "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
        { "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS }, { "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
        { "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0) },          { "SCMP_ACT_TRACE", SCMP_ACT_TRACE(0) },
        { "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },             { "SCMP_ACT_LOG", SCMP_ACT_LOG },
        { "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
};

static const NamedNumber operators[] = {
        { "SCMP_CMP_NE", SCMP_CMP_NE }, { "SCMP_CMP_LT", SCMP_CMP_LT }, { "SCMP_CMP_LE", SCMP_CMP_LE },
        { "SCMP_CMP_EQ", SCMP_CMP_EQ }, { "SCMP_CMP_GE", SCMP_CMP_GE }, { "SCMP_CMP_GT", SCMP_CMP_GT },
        { "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ }, {},
};

static const NamedNumber filter_flags[] = {
        { "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* there is one thread */
        { "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
        { "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
        { "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV },
        {},
};

json_t *spec_filter_features(void) {
        json_t *names = json_array();

        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                (void) json_array_append_new(names, json_string(actions[i].name));
        return json_pack("{sb so so so so}", "enabled", 1, "actions", names, "operators", spec_names(operators),
                         "knownFlags", spec_names(filter_flags), "supportedFlags", spec_names(filter_flags));
}

bool spec_filter_action(const char *name, uint32_t *ret) {
        for (size_t i = 0; name && i < ELEMENTSOF(actions); i++)
                if (streq(name, actions[i].name)) {
                        *ret = actions[i].action;
                        return true;
                }
        return false;
}

/* Reads an action, with the errno that belongs to it in another field. The default errno is EPERM. */
static int read_action(const Place *parent, const char *key, const char *errno_key, uint32_t *ret) {
        const Place p = place_member(parent, key);
        const char *name = json_string_value(p.value) ?: "";
        int64_t number = EPERM;
        int r = place_number(parent, errno_key, 0, ERRNO_MAX, &number);

        if (r < 0)
                return r;
        if (!spec_filter_action(name, ret))
                return place_error(&p, EOPNOTSUPP, "not an action that isorun-oci supports: \"%s\"", name);
        if (streq(name, "SCMP_ACT_ERRNO") || streq(name, "SCMP_ACT_TRACE"))
                *ret |= (uint32_t) number;
        return 0;
}

static int read_test(const Place *p, struct scmp_arg_cmp *ret) {
        const char *name = json_text_of(p->value, "op") ?: "";
        const NamedNumber *op = named_find(operators, name);
        int64_t argument = 0, value = 0, second = 0;
        int r;

        if (!op)
                return place_error(p, EINVAL, "op is not an operator: \"%s\"", name);
        r = place_number(p, "index", 0, 5, &argument);
        if (r >= 0)
                r = place_number(p, "value", -1, INT64_MAX, &value);
        if (r >= 0)
                r = place_number(p, "valueTwo", -1, INT64_MAX, &second);
        *ret = (struct scmp_arg_cmp) { .arg = (unsigned) argument, .op = (enum scmp_compare) op->number,
                                       .datum_a = (scmp_datum_t) value, .datum_b = (scmp_datum_t) second };
        return r;
}

enum { TESTS_MAX = 6 };

/* Returns the number of tests, or -errno, reported. *ret_any is whether one of them is enough: config.json means that
 * if two are of one argument, which libseccomp cannot have in one rule. */
static int read_tests(const Place *rule, struct scmp_arg_cmp tests[static TESTS_MAX], bool *ret_any) {
        const Place args = place_member(rule, "args");
        const size_t n = json_array_size(args.value);

        *ret_any = false;
        if (n > TESTS_MAX)
                return place_error(&args, E2BIG, "there are more than %d tests", TESTS_MAX);
        for (size_t i = 0; i < n; i++) {
                const Place p = place_item(&args, i);
                int r = read_test(&p, &tests[i]);

                if (r < 0)
                        return r;
                for (size_t k = 0; k < i; k++)
                        *ret_any |= tests[k].arg == tests[i].arg;
        }
        return (int) n;
}

static int add_call(const Compiler *c, int number, uint32_t action, const struct scmp_arg_cmp *tests, unsigned n,
                    bool any) {
        int r = 0;

        for (unsigned i = 0; any && r >= 0 && i < n; i++)
                r = c->seccomp_rule_add_array(c->context, action, number, 1, &tests[i]);
        return any ? r : c->seccomp_rule_add_array(c->context, action, number, n, tests);
}

/* Of a call, on all architectures. */
static void note_newest(Compiler *c, const char *name) {
        for (size_t i = 0; i < c->n_newest; i++) {
                int number = c->seccomp_syscall_resolve_name_arch(c->newest[i].architecture, name);

                if (number > c->newest[i].number)
                        c->newest[i].number = number;
        }
}

/* The agent gets the fd of the filter only after the process has it. On the way there, that one calls write(2). */
static int check_notify(const Spec *spec, const Place *rule, const Place *names) {
        if (!spec->listener)
                return place_error(rule, EINVAL, "SCMP_ACT_NOTIFY needs listenerPath");
        for (size_t i = 0; i < json_array_size(names->value); i++) {
                const Place p = place_item(names, i);

                if (streq(json_string_value(p.value), "write"))
                        return place_error(&p, EINVAL, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
        }
        return 0;
}

static int add_rule(Compiler *c, const Place *rule, Spec *ret) {
        const Place names = place_member(rule, "names");
        struct scmp_arg_cmp tests[TESTS_MAX];
        uint32_t action;
        bool any;
        int n, r;

        r = read_action(rule, "action", "errnoRet", &action);
        n = r < 0 ? r : read_tests(rule, tests, &any);
        if (n >= 0 && action == SCMP_ACT_NOTIFY) {
                r = check_notify(ret, rule, &names);
                ret->filter_listens = true;
        }
        if (n < 0 || r < 0)
                return n < 0 ? n : r;
        for (size_t i = 0; r >= 0 && i < json_array_size(names.value); i++) {
                const Place p = place_item(&names, i);
                const char *name = json_string_value(p.value);
                int number = c->seccomp_syscall_resolve_name(name);

                note_newest(c, name);
                if (action == c->default_action)
                        continue;
                if (number == __NR_SCMP_ERROR) {
                        if (strv_push(&c->unknown, name) < 0)
                                return report_oom(p.report);
                        continue;
                }
                r = add_call(c, number, action, tests, (unsigned) n, any);
                if (r == -EDOM) /* on none of the filter's architectures */
                        r = 0;
                if (r < 0)
                        return place_error(&p, -r, "libseccomp refuses the rule: %s", strerror(-r));
        }
        return r;
}

/* x32 has the architecture of x86-64, and numbers of its own. */
static void take_architecture(Compiler *c, uint32_t token) {
        bool known = token == SCMP_ARCH_X32 || c->n_newest == ARCHITECTURES_MAX;

        for (size_t i = 0; i < c->n_newest; i++)
                known |= c->newest[i].architecture == token;
        if (!known)
                c->newest[c->n_newest++] = (NewestCall) { token, -1 };
}

static int add_architectures(Compiler *c, const Place *seccomp) {
        const Place list = place_member(seccomp, "architectures");

        take_architecture(c, c->seccomp_arch_native());
        for (size_t i = 0; i < json_array_size(list.value); i++) {
                const Place p = place_item(&list, i);
                const char *name = startswith(json_string_value(p.value), "SCMP_ARCH_") ?: "";
                char lower[16] = "";
                uint32_t token;
                int r;

                for (size_t k = 0; k < sizeof(lower) - 1 && name[k]; k++)
                        lower[k] = (char) (name[k] >= 'A' && name[k] <= 'Z' ? name[k] + 'a' - 'A' : name[k]);
                token = c->seccomp_arch_resolve_name(lower);
                if (!token)
                        return place_error(&p, EINVAL, "libseccomp does not know this architecture");
                r = c->seccomp_arch_add(c->context, token);
                if (r < 0 && r != -EEXIST)
                        return place_error(&p, -r, "libseccomp refuses the architecture: %s", strerror(-r));
                take_architecture(c, token);
        }
        return 0;
}

static int read_flags(const Place *seccomp, Spec *ret) {
        const Place flags = place_member(seccomp, "flags");

        for (size_t i = 0; i < json_array_size(flags.value); i++) {
                const Place p = place_item(&flags, i);
                const NamedNumber *flag = named_find(filter_flags, json_string_value(p.value));

                if (!flag)
                        return place_error(&p, EOPNOTSUPP, "not a flag that isorun-oci supports");
                ret->filter_flags |= (unsigned) flag->number;
        }
        return 0;
}

/* If the default action is an errno, calls that are newer than the rules get ENOSYS, as runc has it. */
static int answer_newer(const Compiler *c, Spec *ret) {
        NewestCall named[ARCHITECTURES_MAX];
        size_t n = 0;

        if ((c->default_action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO ||
            c->default_action == SCMP_ACT_ERRNO(ENOSYS))
                return 0;
        for (size_t i = 0; i < c->n_newest; i++)
                if (c->newest[i].number >= 0)
                        named[n++] = c->newest[i];
        return n > 0 ? filter_answer_newer(ret, named, n) : 0;
}

static int export(const Compiler *c, const Place *seccomp, Spec *ret) {
        _cleanup_close_ int fd = memfd_create("isorun-filter", MFD_CLOEXEC);
        char *program = NULL;
        size_t size = 0;
        int r;

        r = fd < 0 ? -errno : c->seccomp_export_bpf(c->context, fd);
        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r >= 0)
                r = fd_read_all(fd, &program, &size);
        if (r < 0)
                return place_error(seccomp, -r, "libseccomp cannot write the filter: %s", strerror(-r));
        ret->filter = (struct sock_filter *) program;
        ret->n_filter = size / sizeof(struct sock_filter);
        r = answer_newer(c, ret);
        if (r < 0)
                return report_oom(seccomp->report);
        return ret->n_filter <= BPF_MAXINSNS ? 0 : place_error(seccomp, E2BIG, "the filter is too long for the kernel");
}

static int compile(Compiler *c, const Place *seccomp, Spec *ret) {
        const Place rules = place_member(seccomp, "syscalls");
        int r;

        r = add_architectures(c, seccomp);
        /* no_new_privs is config.json's, not libseccomp's; it writes only a program here, but keep it from more. */
        if (r >= 0)
                (void) c->seccomp_attr_set(c->context, SCMP_FLTATR_CTL_NNP, 0);
        for (size_t i = 0; r >= 0 && i < json_array_size(rules.value); i++) {
                const Place p = place_item(&rules, i);

                r = add_rule(c, &p, ret);
        }
        if (r >= 0 && c->unknown) {
                _cleanup_free_ char *names = strv_join(c->unknown, ", ");

                if (ret->knows_calls)
                        return place_error(&rules, EINVAL, "libseccomp does not know some system calls: %s "
                                           "(" SPEC_KNOWN_CALLS ")", names ?: "");
                place_notice(&rules, "libseccomp does not know some system calls, which get the default action: %s",
                             names ?: "");
        }
        return r < 0 ? r : export(c, seccomp, ret);
}

/* As runc has it, a listener is ignored if no rule asks for it. */
static int read_listener(const Place *seccomp, uint32_t default_action, Spec *ret) {
        const Place path = place_member(seccomp, "listenerPath"), action = place_member(seccomp, "defaultAction");

        ret->listener = json_string_value(path.value);
        if (ret->listener && !*ret->listener)
                ret->listener = NULL;
        ret->listener_metadata = json_text_of(seccomp->value, "listenerMetadata");
        if (ret->listener && *ret->listener != '/')
                return place_error(&path, EINVAL, "listenerPath must be absolute");
        return default_action == SCMP_ACT_NOTIFY ?
                       place_error(&action, EINVAL, "SCMP_ACT_NOTIFY cannot be the default action") : 0;
}

int seccomp_read(const Place *place, Spec *ret) {
        const Place seccomp = place_member(place, "seccomp");
        Compiler c = {};
        int r;

        if (!seccomp.value || json_object_size(seccomp.value) == 0)
                return 0;
        r = read_action(&seccomp, "defaultAction", "defaultErrnoRet", &c.default_action);
        if (r >= 0)
                r = read_listener(&seccomp, c.default_action, ret);
        if (r >= 0)
                r = read_flags(&seccomp, ret);
        if (r >= 0)
                r = load(&seccomp, &c);
        if (r < 0)
                return r;
        c.context = c.seccomp_init(c.default_action);
        if (!c.context)
                return report_oom(place->report);
        r = compile(&c, &seccomp, ret);
        if (r >= 0 && ret->filter_flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !ret->filter_listens)
                r = place_error(&seccomp, EINVAL, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs SCMP_ACT_NOTIFY");
        c.seccomp_release(c.context);
        strv_free(c.unknown);
        return r;
}
