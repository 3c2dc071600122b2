/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Plans for a made-up host. Their roots are in a temporary directory, which %h in a policy names:
 *
 *   root, other: roots with what the built-in mounts need, /etc/{passwd,shadow}, /srv, /usr/bin/{tool,text}
 *   data/there, file: for binds */

#include "helper.h"

#include <fcntl.h>
#include <linux/capability.h>

#include "plan/make.h"
#include "plan/plan.h"
#include "plan/request.h"
#include "plan/show/show.h"
#include "plan/show/text.h"
#include "policy/bindings.h"
#include "util/path.h"

typedef struct PlanFixture {
        char *dir;
        Specifiers specifiers;
        char *environment[8];
        Host host;
        PlanRequest request;
        /* of the last plan_make() */
        Policy *policy;
        Plan *plan;
        Log log;
        Buffer shown;
        int result, status;
} PlanFixture;

static inline void plan_populate(const char *dir, const char *root) {
        static const char *const directories[] = { "proc", "dev", "tmp", "run", "var/tmp", "home", "root",
                                                   "sys/fs/cgroup", "srv" };
        static const char *const files[] = { "etc/fstab", "etc/passwd", "etc/shadow", "usr/bin/tool", "usr/bin/text" };
        char path[PATH_MAX], name[64];

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                snprintf(name, sizeof(name), "%s/%s", root, directories[i]);
                temp_dir(dir, name);
        }
        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                snprintf(name, sizeof(name), "%s/%s", root, files[i]);
                temp_text(dir, name, "x");
        }
        snprintf(name, sizeof(name), "%s/usr/bin/tool", root);
        assert_int_equal(chmod(temp_path(path, dir, name), 0755), 0);
}

/* Changes the user that runs isorun. uid 0 has all capabilities, other users have none. */
static inline void plan_set_uid(PlanFixture *f, uid_t uid) {
        f->host.uid = uid;
        f->host.gid = uid;
        f->host.capabilities = uid == 0 ? (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1 : 0;
}

/* The fixture's machine has one user, ada. Besides ada's group it has one more. */

static inline int plan_find_user_by_uid(uid_t uid, HostUser *ret) {
        if (uid != 1815)
                return -ESRCH;
        *ret = (HostUser) { .uid = 1815, .gid = 1852, .name = strdup("ada"), .home = strdup("/home/ada"),
                            .shell = strdup("/bin/dash") };
        return 0;
}

static inline int plan_find_user(const char *name, HostUser *ret) {
        return streq(name, "ada") ? plan_find_user_by_uid(1815, ret) : -ESRCH;
}

static inline int plan_find_group(const char *name, gid_t *ret) {
        if (!streq(name, "engines"))
                return -ESRCH;
        *ret = 1843;
        return 0;
}

static inline int plan_find_group_name(gid_t gid, char **ret) {
        if (gid != 1852)
                return -ESRCH;
        *ret = strdup("ada");
        return 0;
}

static inline int plan_find_groups(_unused_ const char *name, gid_t first, gid_t **ret, size_t *ret_n) {
        *ret = calloc(2, sizeof(gid_t));
        assert_non_null(*ret);
        (*ret)[0] = first;
        (*ret)[1] = 1843;
        *ret_n = 2;
        return 0;
}

static inline int plan_find_homes(_unused_ uid_t user, _unused_ const char *variable, _unused_ char ***ret) {
        return 0;
}

static inline int plan_find_program(const char *name, char **ret) {
        *ret = path_join("/usr/bin", name);
        return *ret ? 0 : -ENOMEM;
}

/* The limit for core dumps is 0; all others are above 0. */
static inline int plan_get_limit(int resource, struct rlimit *ret) {
        *ret = resource == RLIMIT_CORE ? (struct rlimit) { 0, 4096 } : (struct rlimit) { 1024, 4096 };
        return 0;
}

/* The limits of a user namespace are 1000; the machine has no fanotify. */
static inline int plan_get_user_limit(const char *name, uint64_t *ret) {
        if (startswith(name, "max_fanotify"))
                return -ENOENT;
        *ret = 1000;
        return 0;
}

static inline bool plan_has_audit(void) {
        return true;
}

static inline bool plan_lacks_audit(void) {
        return false;
}

static inline unsigned plan_get_personality(void) {
        return 8;
}

static inline bool plan_listens_at(int fd, const char *path, uint16_t port) {
        return path ? streq(path, "/run/web.sock") && fd == 4 : port == 80 && fd == 3;
}

static inline int plan_read_resolver(char **ret) {
        *ret = strdup("search first.test\n# search comment.test\nsearch Example.ORG. b.wild.test evil;.test other.test\n");
        return *ret ? 0 : -ENOMEM;
}

/* The service "runner.service" is delegated to user 0, "my-runner.service" to 1000. */
static inline int plan_is_delegated(const char *cgroup, uid_t uid) {
        const char *name = strrchr(cgroup, '/') + 1;

        return streq(name, "unknown.service") ? -ENODATA : streq(name, uid == 0 ? "runner.service" : "my-runner.service");
}

static inline int plan_find_init_cgroup(char **ret) {
        *ret = strdup("/init.scope");
        return *ret ? 0 : -ENOMEM;
}

/* Root, on a machine that supports everything. */
static inline int plan_set_up(void **state) {
        static IdMapEntry all_ids = { 0, 0, UINT32_MAX };
        PlanFixture *f = calloc(1, sizeof(PlanFixture));

        assert_non_null(f);
        f->dir = temp_make();
        plan_populate(f->dir, "root");
        plan_populate(f->dir, "other");
        temp_text(f->dir, "data/there", "x");
        temp_text(f->dir, "file", "x");
        f->specifiers = test_specifiers;
        f->specifiers.home = f->dir;
        f->environment[0] = (char *) "LANG=xx_XX";
        f->environment[1] = (char *) "SSL_CERT_FILE=/certificates";
        f->environment[2] = (char *) "HOME=/srv";
        f->host = (Host) {
                .pid = 4711,
                .environment = f->environment,
                .working_directory = (char *) "/",
                .uid_map = { &all_ids, 1 },
                .gid_map = { &all_ids, 1 },
                .initial_users = true,
                .system_manager = true,
                .user_manager = true,
                .landlock_abi = 7,
                .n_capabilities = CAP_LAST_CAP + 1,
                .find_user = plan_find_user,
                .find_user_by_uid = plan_find_user_by_uid,
                .find_group = plan_find_group,
                .find_group_name = plan_find_group_name,
                .find_groups = plan_find_groups,
                .find_homes = plan_find_homes,
                .find_program = plan_find_program,
                .get_limit = plan_get_limit,
                .get_user_limit = plan_get_user_limit,
                .has_audit = plan_has_audit,
                .get_personality = plan_get_personality,
                .listens_at = plan_listens_at,
                .find_init_cgroup = plan_find_init_cgroup,
                .is_delegated = plan_is_delegated,
                .read_resolver = plan_read_resolver,
        };
        plan_set_uid(f, 0);
        f->request = (PlanRequest) { .name = "unit-1", .policy = "unit" };
        *state = f;
        return 0;
}

static inline void plan_reset(PlanFixture *f) {
        if (!f->policy)
                return;
        f->plan = plan_free(f->plan);
        f->policy = policy_free(f->policy);
        log_deinit(&f->log);
        buffer_deinit(&f->shown);
}

static inline int plan_tear_down(void **state) {
        PlanFixture *f = *state;

        plan_reset(f);
        temp_remove(f->dir);
        free(f);
        return 0;
}

static inline void plan_show_section(void *userdata, const char *name) {
        fprintf(((Buffer *) userdata)->f, "[%s]\n", name);
}

/* Shows an entry without its origin, so that two plans differ only if their contents differ. */
static inline void plan_show_entry(void *userdata, const char *key, const char *value,
                                   _unused_ const Origin *origin, _unused_ const char *by) {
        fprintf(((Buffer *) userdata)->f, "%s=%s\n", key, value);
}

/* Assigns "KEY=VALUE" lines to a policy whose root is the fixture's. */
static inline void plan_assign(PlanFixture *f, const char *lines) {
        _cleanup_free_ char *copy = strdup(lines);
        char *position = NULL;
        const char *section = NULL;
        unsigned n = 0;

        assert_non_null(copy);
        assert_int_equal(policy_assign(f->policy, (Origin) { "test.conf", 0 }, NULL, "RootDirectory", "%h/root",
                                       &f->log.report), 0);
        for (char *line = strtok_r(copy, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                char *equals = strchr(line, '=');

                n++;
                if (*line == '[') { /* a section, of which only those of stages need to be named */
                        section = line + 1;
                        line[strlen(line) - 1] = '\0';
                        continue;
                }
                assert_non_null(equals);
                *equals = '\0';
                expect_result(line, policy_assign(f->policy, (Origin) { "test.conf", n }, section, line, equals + 1,
                                                  &f->log.report), 0);
        }
        assert_int_equal(policy_complete(f->policy, &f->log.report), 0);
}

/* Makes the plan of a policy, and its text. */
static inline void plan_make(PlanFixture *f, const char *lines) {
        static const PlanPrinter printer = { plan_show_section, plan_show_entry };

        plan_reset(f);
        f->policy = policy_new(&f->specifiers);
        assert_non_null(f->policy);
        log_init(&f->log);
        buffer_init(&f->shown);
        f->status = -1;
        plan_assign(f, lines);
        f->result = plan_new(&f->plan, f->policy, &f->host, &f->request, &f->log.report, &f->status);
        expect_number(lines, f->plan != NULL, f->result == 0);
        expect_number(lines, f->log.report.n_errors == 0, f->result == 0);
        if (f->plan)
                assert_int_equal(plan_print(f->plan, f->policy, &printer, &f->shown), 0);
}

static inline void plan_expect_good(PlanFixture *f, const char *lines) {
        plan_make(f, lines);
        expect_text(lines, log_text(&f->log), "");
}

static inline void plan_expect_notice(PlanFixture *f, const char *lines, const char *message) {
        plan_make(f, lines);
        expect_result(lines, f->result, 0);
        expect_in(lines, log_text(&f->log), message);
}

static inline void plan_expect_error(PlanFixture *f, const char *lines, int error, const char *message) {
        plan_make(f, lines);
        expect_in(lines, log_text(&f->log), message);
        expect_result(lines, f->result, -error);
}

static inline const char *plan_shown(PlanFixture *f) {
        return buffer_text(&f->shown);
}

/* Fails if nothing is mounted there. */
static inline const PlanMount *plan_mount_at(PlanFixture *f, const char *destination) {
        const PlanMount *m = plan_find_mount(f->plan, destination);

        if (!m)
                fail_msg("nothing is mounted on %s:\n%s", destination, plan_shown(f));
        return m;
}

/* Binds names, each as "NAME=SOURCE", with "%h" for the fixture's directory: on the command line, or with a "+" before
 * it as a line of a table. The caller frees them with bindings_deinit(). */
static inline void plan_bind_names(PlanFixture *f, Bindings *b, const char *lines) {
        _cleanup_free_ char *copy = strdup(lines);
        char *position = NULL;
        Log log;

        log_init(&log);
        bindings_deinit(b);
        b->specifiers = &f->specifiers;
        for (char *line = strtok_r(copy, "\n", &position); line; line = strtok_r(NULL, "\n", &position)) {
                bool table = line[0] == '+';
                const char *home = strstr(line, "%h");
                char argument[PATH_MAX + 64];

                if (home)
                        snprintf(argument, sizeof(argument), "%.*s%s%s", (int) (home - line), line, f->dir, home + 2);
                else
                        snprintf(argument, sizeof(argument), "%s", line);
                expect_result(argument, bindings_add_argument(b, "--bind", argument + table, &log.report), 0);
                if (table)
                        b->items[b->n - 1].origin = (Origin) { .file = "table.conf", .line = 3 };
        }
        f->request.bindings = b;
        log_deinit(&log);
}

/* Binds a name to an fd of the path, which the caller closes. */
static inline int plan_bind_fd(PlanFixture *f, Bindings *b, const char *name, int flags) {
        char path[PATH_MAX], line[32];
        int fd = open(temp_path(path, f->dir, name), flags | O_CLOEXEC);

        assert_true(fd >= 0);
        snprintf(line, sizeof(line), "data=fd:%d", fd);
        plan_bind_names(f, b, line);
        return fd;
}

/* Whether the rule denies a call with these arguments. */
static inline bool plan_rule_matches(const PlanArgumentRule *r, const uint64_t arguments[6]) {
        uint64_t a = arguments[r->argument];

        if (r->set_argument && !arguments[r->set_argument])
                return false;
        if (r->flags && (arguments[r->flags_argument] & r->flags) != r->flags)
                return false;
        switch (r->test) {
        case ARGUMENT_MASKED_EQUAL:
                return (a & r->mask) == r->value;
        case ARGUMENT_EQUAL:
                return a == r->value;
        case ARGUMENT_NOT_EQUAL:
                return a != r->value;
        case ARGUMENT_LESS:
                return a < r->value;
        case ARGUMENT_GREATER:
                return a > r->value;
        case ARGUMENT_ANY:
                return true;
        }
        return false;
}

/* The result of a call with these arguments: 0 if no rule denies it. */
static inline int plan_rules_answer(const Plan *plan, const char *name, const uint64_t arguments[6]) {
        for (size_t i = 0; i < plan->n_argument_rules; i++)
                if (streq(plan->argument_rules[i].name, name) && plan_rule_matches(&plan->argument_rules[i], arguments))
                        return plan->argument_rules[i].error;
        return 0;
}

/* Values to use instead of the table's examples, if the example would fail or not change the plan. The comments say
 * why. */
static const struct {
        DirectiveId id;
        const char *value;
} plan_substitutes[] = {
        { D_RootDirectory, "%h/other" },          /* the host may lack the example's directory */
        { D_BindPaths, "%h/data:/data" },         /* the same */
        { D_BindReadOnlyPaths, "%h/data:/data" }, /* the same */
        { D_Volume, "%h/data:/srv:ro" },          /* the same */
        { D_BindLibraries, "yes\nRootDirectory=none" }, /* with its own root, "no" and "yes" differ */
        { D_File, "/etc/passwd:x" },              /* the fixture's root has no motd */
        { D_Symlink, "/srv/link:target" },        /* and no bin */
        { D_LoadCredential, "a:%h/file" },        /* the host may lack the example's file */
        { D_ExecPaths, "-/usr\nNoExecPaths=/" }, /* alone, it changes nothing */
        { D_User, "12345" },                      /* the host may lack the example's name */
        { D_Group, "12345" },                     /* the same */
        { D_PrivateUsers, "no" },                 /* for root, "identity" and "self" have the same maps */
        { D_SystemCallArchitectures, "x86 arm64" }, /* x86 may be the native one, which would change nothing */
};

static inline const char *plan_example(DirectiveId id) {
        for (size_t i = 0; i < ELEMENTSOF(plan_substitutes); i++)
                if (plan_substitutes[i].id == id)
                        return plan_substitutes[i].value;
        return directive_table[id].example;
}

#define IN_PLAN(test) cmocka_unit_test_setup_teardown(test, plan_set_up, plan_tear_down)
