/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/load.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "plan/make.h"
#include "plan/permit/stages.h"
#include "plan/request.h"
#include "plan/users.h"
#include "policy/policy-load.h"
#include "sandbox/outside/around.h"
#include "sandbox/root/image.h"
#include "sandbox/systemd/unit.h"
#include "util/fd.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

void loaded_deinit(Loaded *l) {
        policy_free(l->policy);
        host_deinit(&l->host);
        bindings_deinit(&l->bindings);
        if (l->image > 0)
                fd_close(l->image);
        image_root_deinit(&l->layers);
        strv_free(l->search_path);
        free(l->name);
        free(l->unit);
        free(l->runtime);
        *l = (Loaded) {};
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.-"

bool name_is_valid(const char *name) {
        return *name && strlen(name) <= 200 && !name[strspn(name, NAME_CHARACTERS)] && *name != '.' && *name != '-';
}

static int check_name(const char *name, Report *report) {
        if (!name_is_valid(name))
                return report_error(report, EINVAL,
                                    "\"%s\" cannot be the name of an instance: use letters, digits, \":\", \"_\", "
                                    "\".\" and \"-\", and neither \".\" nor \"-\" first", name);
        return 0;
}

/* Copies text with "_" in place of each character that an instance's name may not have. */
static char *sanitize(const char *text) {
        char *s = strdup(text);

        for (char *p = s; p && *p; p++)
                if (!strchr(NAME_CHARACTERS, *p) || (p == s && (*p == '.' || *p == '-')))
                        *p = '_';
        if (s && strlen(s) > 200)
                s[200] = '\0';
        return s;
}

static int choose_name(Loaded *l, const char *spec, const char *name, char *const *arguments, Report *report) {
        _cleanup_free_ char *base = NULL, *clean = NULL;
        uint16_t random;

        if (name) {
                l->name = strdup(name);
                return l->name ? check_name(name, report) : report_oom(report);
        }

        if (l->host.unit) {
                base = format("%.*s", (int) (strrchr(l->host.unit, '.') - l->host.unit), l->host.unit);
                l->name = base ? sanitize(base) : NULL;
                return l->name ? 0 : report_oom(report);
        }
        base = spec ? policy_spec_name(spec) : strdup(arguments && *arguments ? path_name(*arguments) : "default");
        clean = base ? sanitize(*base ? base : "_") : NULL;
        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
                return report_error(report, errno, "cannot get random numbers for a name: %s", strerror(errno));
        l->name = clean ? format("%s-%04x", clean, random) : NULL;
        return l->name ? 0 : report_oom(report);
}

/* Called only if a policy has %u and the environment has no USER: a lookup may ask a name service over the network. */
static const char *find_user(uid_t uid) {
        struct passwd *pw = getpwuid(uid);

        return pw ? pw->pw_name : NULL;
}

/* The same for %h and HOME. A service of the system's manager has no HOME, and systemd's %h is known there, too. */
static const char *find_home(uid_t uid) {
        struct passwd *pw = getpwuid(uid);

        return pw ? pw->pw_dir : NULL;
}

/* The specifiers that few policies have. */
static int find_fact(char letter, gid_t gid, char **ret) {
        _cleanup_free_ char *boot = NULL;
        struct utsname kernel;
        char *end;
        int r;

        if (letter == 'g')
                return users_find_group_name(gid, ret);
        if (letter != 'b') {
                *ret = uname(&kernel) < 0 ? NULL : strdup(letter == 'H' ? kernel.nodename : kernel.release);
                return *ret ? 0 : -ENOMEM;
        }
        r = file_read_line(AT_FDCWD, "/proc/sys/kernel/random/boot_id", &boot);
        if (r < 0)
                return r;
        end = boot;
        for (const char *c = boot; *c; c++)
                if (*c != '-')
                        *end++ = *c;
        *end = '\0';
        *ret = TAKE_PTR(boot);
        return 0;
}

static char *find_runtime(const Host *host) {
        const char *runtime = host->uid == 0 ? "/run" : host_variable(host, "XDG_RUNTIME_DIR");

        return runtime ? strdup(runtime) : format("/run/user/%u", host->uid);
}

typedef struct LoadPolicy {
        Loaded *l;
        const char *spec;
} LoadPolicy;

/* A Look. */
static void look_at_policy(void *userdata, Report *silent) {
        const LoadPolicy *load = userdata;

        (void) policy_load(load->l->policy, load->spec, load->l->search_path, silent);
}

static int load_policy(Loaded *l, const char *spec, Report *report) {
        LoadPolicy load = { l, spec };
        int r;

        r = rehearse(&l->rehearsal, look_at_policy, &load, report);
        return r < 0 ? r : policy_load(l->policy, spec, l->search_path, report);
}

/* All but the policy's text. */
static int begin(Loaded *l, const char *spec, const char *name, char *const *arguments, Report *report) {
        Specifiers specifiers;
        const char *home;
        int r;

        *l = (Loaded) { .rehearsal = l->rehearsal, .probe = l->probe };
        r = l->probe ? l->probe(&l->host, report) : host_probe(&l->host, report);
        if (!l->probe) {
                l->host.read_socket_unit = unit_read_socket;
                l->host.ask_delegated = unit_is_delegated;
        }
        if (r >= 0)
                r = choose_name(l, spec, name, arguments, report);
        if (r < 0)
                return r;
        l->unit = format("isorun-%s.scope", l->name);
        l->runtime = find_runtime(&l->host);
        if (!l->unit || !l->runtime)
                return report_oom(report);

        home = host_variable(&l->host, "HOME");
        specifiers = (Specifiers) {
                .home = home,
                .runtime = l->runtime,
                .user = host_variable(&l->host, "USER"),
                .find_user = find_user,
                .find_home = find_home,
                .instance = l->name,
                .unit = l->host.unit ?: l->unit,
                .uid = l->host.uid,
                .gid = l->host.gid,
                .find_fact = l->host.find_fact ?: find_fact,
                .names_used = &l->uses_name,
        };
        l->search_path = policy_search_path(host_variable(&l->host, "XDG_CONFIG_HOME"), home, l->host.uid);
        l->policy = policy_new(&specifiers);
        return l->search_path && l->policy ? 0 : report_oom(report);
}

int loaded_init(Loaded *l, const char *spec, const char *name, char *const *arguments, Report *report) {
        return loaded_init_before(l, NULL, spec, name, arguments, report);
}

int loaded_init_before(Loaded *l, const char *before, const char *spec, const char *name, char *const *arguments,
                       Report *report) {
        int r;

        r = l->probe ? 0 : around_check_filter(report);
        if (r >= 0)
                r = begin(l, spec, name, arguments, report);
        if (r >= 0 && before && strv_prepend(&l->search_path, strdup(before)) < 0)
                r = report_oom(report);
        if (r >= 0)
                r = load_policy(l, spec ?: "default", report);
        return r < 0 ? r : permit_check_stages(l->policy, report);
}

int loaded_init_administrator(Loaded *l, const char *policy, const char *name, char *const *arguments,
                              Report *report) {
        int r;

        r = begin(l, policy, name, arguments, report);
        if (r < 0)
                return r;
        strv_free(l->search_path);
        l->search_path = policy_search_path(NULL, NULL, l->host.uid);
        return l->search_path ? load_policy(l, policy, report) : report_oom(report);
}

int loaded_init_notes(Loaded *l, const Notes *notes, const char *program, Report *report) {
        int r;

        r = begin(l, program, NULL, NULL, report);
        if (r >= 0)
                r = policy_load_notes(l->policy, notes, l->search_path, report);
        return r < 0 ? r : permit_check_stages(l->policy, report);
}

/* The image is mounted detached, so no other process sees it. */
static int look_at_image(Loaded *l, bool mount, Report *report) {
        const Setting *root = policy_get(l->policy, D_RootDirectory);
        const char *path = root->value.words[0];
        struct stat st;

        if (root->value.words[1] || root->value.number == ROOT_IMAGE)
                return 0;
        if (path[0] != '/') {
                const Binding *binding = bindings_find(&l->bindings, path);

                path = binding ? binding->source : NULL;
        }
        if (!path || streq(path, "/") || stat(path, &st) < 0 || !S_ISREG(st.st_mode))
                return 0;
        return mount ? image_mount(path, root->origin, &l->image, report)
                     : image_check(path, root->origin, report);
}

static int read_bindings(Loaded *l, char *const *arguments, size_t n_arguments, Report *report) {
        _cleanup_strv_free_ char **directories = NULL;
        int result = 0;

        l->bindings.specifiers = &l->policy->specifiers;
        for (size_t i = 0; i < n_arguments; i++) {
                int r = bindings_add_argument(&l->bindings, "--bind", arguments[i], report);

                if (r < 0)
                        result = r;
        }
        if (result < 0 || !policy_has_names(l->policy))
                return result;

        directories = bindings_directories(host_variable(&l->host, "XDG_CONFIG_HOME"), host_variable(&l->host, "HOME"),
                                           l->host.uid);
        return directories ? bindings_read_tables(&l->bindings, directories, report) : report_oom(report);
}

typedef struct MakePlan {
        Loaded *l;
        char *const *bindings;
        size_t n_bindings;
        PlanRequest *request;
        Plan *plan;
        bool mount_image;
} MakePlan;

/* Returns 0, or the exit status for a failure, which is reported. */
static int make_plan(MakePlan *m, Report *report) {
        _cleanup_free_ char *digest = NULL;
        int status = PLAN_FAILED, r;
        Loaded *l = m->l;

        r = image_root_find(&l->layers, l->policy, &l->host, report);
        if (r >= 0)
                r = policy_complete(l->policy, report);
        if (r >= 0)
                r = read_bindings(l, m->bindings, m->n_bindings, report);
        if (r >= 0 && !m->request->writable_root) /* isoctl build cannot write to an image */
                r = look_at_image(l, m->mount_image, report);
        if (r < 0)
                return PLAN_FAILED;

        m->request->name = l->name;
        m->request->bindings = &l->bindings;
        m->request->image = l->image;
        m->request->layers = l->layers.paths;
        m->request->layers_lock = l->layers.lock;
        if (l->layers.id) {
                digest = image_root_digest(l->policy);
                if (!digest)
                        return report_oom(report), PLAN_FAILED;
        }
        m->request->image_id = l->layers.id;
        m->request->policy_digest = digest;
        m->request->symlinks_everywhere = l->rehearsal.symlinks_everywhere;
        r = plan_new(&m->plan, l->policy, &l->host, m->request, report, &status);
        return r < 0 ? status : 0;
}

/* A Look. The start itself opens the files of standard input and output. */
static void look_at_paths(void *userdata, Report *silent) {
        MakePlan *m = userdata;
        struct stat st;

        if (make_plan(m, silent) != 0)
                return;
        for (size_t i = 0; i < ELEMENTSOF(m->plan->standard_io); i++)
                if (m->plan->standard_io[i].path)
                        (void) stat(m->plan->standard_io[i].path, &st);
}

int loaded_plan(Loaded *l, char *const *bindings, size_t n, PlanRequest *request, Plan **ret, Report *report) {
        MakePlan m = { .l = l, .bindings = bindings, .n_bindings = n, .request = request };
        int status;

        if (rehearse(&l->rehearsal, look_at_paths, &m, report) < 0)
                return PLAN_FAILED;
        m.mount_image = request->read_image;
        status = make_plan(&m, report);
        if (status == 0)
                *ret = m.plan;
        return status;
}
