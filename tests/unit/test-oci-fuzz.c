/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random changes, the same in each run, of what isorun-oci reads: a config.json that has all fields, the process of
 * exec, the limits of update, and the state of a container. Each is taken, or an error says why not. */
#include "helper.h"

#include <jansson.h>
#include <sched.h>

#include "oci/explain/bundle.h"
#include "oci/spec/load.h"
#include "oci/state/state.h"
#include "util/strv.h"

enum { ROUNDS = 3000, FILE_ROUNDS = 800 };

/* All fields that isorun-oci takes, but for those of the schedulers below. */
static const char full[] =
        "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\",\"readonly\":true},\"hostname\":\"box\",\"domainname\":\"d\","
        "\"annotations\":{\"a\":\"b\",\"isorun.policy\":\"tight\"},"
        "\"mounts\":[{\"destination\":\"/r\",\"type\":\"tmpfs\"},{\"destination\":\"/r\",\"options\":[\"remount\",\"ro\"]},{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},{\"destination\":\"/x\",\"source\":\"/y\","
        "\"options\":[\"rbind\",\"rro\",\"rslave\"],\"uidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":1}],"
        "\"gidMappings\":[{\"containerID\":0,\"hostID\":5,\"size\":1}]},"
        "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"tmpcopyup\",\"mode=755\"]}],"
        "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"env\":[\"A=b\"],\"terminal\":true,\"consoleSize\":{\"height\":5,\"width\":6},"
        "\"user\":{\"uid\":1,\"gid\":2,\"umask\":18,\"additionalGids\":[3]},\"capabilities\":{\"bounding\":[\"CAP_KILL\"],"
        "\"permitted\":[\"CAP_KILL\"],\"effective\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_KILL\"],\"ambient\":[\"CAP_KILL\"]},"
        "\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":2}],\"oomScoreAdj\":5,\"noNewPrivileges\":true,"
        "\"apparmorProfile\":\"p\",\"selinuxLabel\":\"l\",\"execCPUAffinity\":{\"initial\":\"0\",\"final\":\"0-1\"},"
        "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":3}},"
        "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"user\"},{\"type\":\"time\"},"
        "{\"type\":\"network\",\"path\":\"/proc/1/ns/net\"}],"
        "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":10}],"
        "\"timeOffsets\":{\"monotonic\":{\"secs\":1,\"nanosecs\":2},\"boottime\":{\"secs\":-1,\"nanosecs\":2}},"
        "\"netDevices\":{\"eth0\":{\"name\":\"e%d\"}},"
        "\"mountLabel\":\"l\",\"maskedPaths\":[\"/a\"],\"readonlyPaths\":[\"/b\"],"
        "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1\",\"flags\":[\"MPOL_F_STATIC_NODES\"]},"
        "\"personality\":{\"domain\":\"LINUX32\"},\"rootfsPropagation\":\"rshared\",\"cgroupsPath\":\"/a/b\","
        "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"},\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":3,\"fileMode\":438,"
        "\"uid\":1,\"gid\":2}],"
        "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"r\"}],"
        "\"memory\":{\"limit\":1000,\"swap\":1500,\"reservation\":10,\"checkBeforeUpdate\":true},"
        "\"cpu\":{\"shares\":5,\"quota\":6000,\"period\":100000,\"burst\":5,\"idle\":0,\"cpus\":\"0-1\",\"mems\":\"0\"},\"pids\":{\"limit\":7},"
        "\"blockIO\":{\"weight\":20,\"weightDevice\":[{\"major\":8,\"minor\":1,\"weight\":505}],"
        "\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
        "\"throttleReadIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}]},"
        "\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":5}],\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":5}},"
        "\"unified\":{\"memory.high\":\"5\"}},"
        "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"architectures\":[\"SCMP_ARCH_X86_64\"],"
        "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"listenerPath\":\"/run/agent\",\"listenerMetadata\":\"m\","
        "\"syscalls\":[{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"},{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ERRNO\","
        "\"errnoRet\":1,\"args\":[{\"index\":0,\"value\":16,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}}}";

/* No scheduler has all the fields. */
static const char *const schedulers[] = {
        "{\"policy\":\"SCHED_BATCH\",\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"],\"nice\":5}",
        "{\"policy\":\"SCHED_FIFO\",\"priority\":5}",
        "{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1000000,\"deadline\":2000000,\"period\":3000000}",
};

static json_t *load(const char *text) {
        json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        assert_non_null(json);
        return json;
}

/* A config.json with one of the schedulers, and hooks of each kind. */
static json_t *make_config(size_t i) {
        json_t *json = load(full), *hooks = json_object();

        for (size_t k = 0; k < SPEC_HOOKS; k++)
                json_object_set_new(hooks, spec_hook_names[k],
                                    load("[{\"path\":\"/a\",\"args\":[\"a\"],\"env\":[\"b=c\"],\"timeout\":3}]"));
        json_object_set_new(json, "hooks", hooks);
        json_object_set_new(json_object_get(json, "process"), "scheduler", load(schedulers[i % ELEMENTSOF(schedulers)]));
        return json;
}

/* Whether there is a value at "/a/b"; "*" stands for any item. */
static bool has(const json_t *json, const char *path) {
        _cleanup_free_ char *key = NULL;
        const char *rest = path + 1 + strcspn(path + 1, "/"), *name;
        json_t *value;
        size_t i;

        key = strndup(path + 1, (size_t) (rest - path - 1));
        if (!streq(key, "*")) {
                value = json_object_get(json, key);
                return value && (!*rest || has(value, rest));
        }
        json_array_foreach(json, i, value)
                if (has(value, rest))
                        return true;
        json_object_foreach((json_t *) json, name, value)
                if (has(value, rest))
                        return true;
        return false;
}

/* A new field must be in the config.json that is changed. */
static void test_all_fields(_unused_ void **state) {
        enum { TAKEN, IGNORED, REFUSED };
        static const struct {
                const char *path;
                int verdict;
        } fields[] = {
#define FIELD(path, kind, verdict, note) { path, verdict },
#include "oci/spec/fields.inc"
#undef FIELD
        };
        json_t *configs[ELEMENTSOF(schedulers)];

        for (size_t i = 0; i < ELEMENTSOF(configs); i++)
                configs[i] = make_config(i);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                bool found = fields[i].verdict != TAKEN;

                for (size_t k = 0; k < ELEMENTSOF(configs); k++)
                        found = found || has(configs[k], fields[i].path);
                if (!found)
                        fail_msg("%s is not in the config.json that is changed", fields[i].path);
        }
        for (size_t i = 0; i < ELEMENTSOF(configs); i++)
                json_decref(configs[i]);
}

static unsigned count(const json_t *json) {
        unsigned n = 1;
        const char *key;
        json_t *value;
        size_t i;

        json_object_foreach((json_t *) json, key, value)
                n += count(value);
        json_array_foreach(json, i, value)
                n += count(value);
        return n;
}

/* A value below json, each with the same chance: *n counts down to it. Returns NULL after it has been replaced. */
static json_t *replace(json_t *json, unsigned *n, json_t *by) {
        const char *key;
        json_t *value;
        size_t i;

        json_object_foreach(json, key, value) {
                if ((*n)-- == 0) {
                        json_object_set(json, key, by);
                        return NULL;
                }
                if (!replace(value, n, by))
                        return NULL;
        }
        json_array_foreach(json, i, value) {
                if ((*n)-- == 0) {
                        json_array_set(json, i, by);
                        return NULL;
                }
                if (!replace(value, n, by))
                        return NULL;
        }
        return json;
}

/* What the rest of isorun-oci takes for granted. */
static void check(const char *text, const Spec *spec) {
        const SpecProcess *p = &spec->process;

        assert_true(spec->new_namespaces & CLONE_NEWNS);
        assert_true(p->arguments && p->arguments[0] && p->directory[0] == '/');
        assert_true(!(p->effective & ~p->permitted) && !(p->ambient & ~(p->permitted & p->inheritable)));
        for (size_t i = 0; i < spec->n_mounts; i++)
                assert_true(spec->mounts[i].destination[0] && (spec->mounts[i].type || spec->mounts[i].source));
        for (size_t i = 0; i < spec->n_cgroup_files; i++)
                if (strchr(spec->cgroup_files[i].file, '/') || startswith(spec->cgroup_files[i].file, "cgroup."))
                        fail_msg("%s: took the limit %s", text, spec->cgroup_files[i].file);
        for (size_t i = 0; i < spec->n_devices; i++)
                assert_true(spec->devices[i].path[0] == '/' && spec->devices[i].type);
        assert_true(!spec->cgroup_path || !strstr(spec->cgroup_path, ".."));
}

static json_t *piece(uint32_t *seed) {
        static const char *const pieces[] = {
                "null", "true", "0", "1", "-1", "5", "4294967295", "4294967297", "1.5", "1e19", "1844674407370955161",
                "9223372036854775807", "-9223372036854775808", "\"\"", "\"a\"", "\"/\"", "\"..\"", "\"../../x\"",
                "\"a\\u0000b\"", "\"\\n\"", "\"\\u001b[31m\"", "\"SCMP_ACT_NOTIFY\"", "\"bind\"", "\"cgroup.procs\"",
                "\"rshared\"", "\"user\"", "\"idmap\"", "\"0-4294967296\"", "\"SCHED_DEADLINE\"", "[]", "{}", "[[]]",
                "[{}]", "[\"a\"]", "[1]", "{\"a\":\"b\"}", "{\"a\":1}", "{\"isorun.policy\":\"../../x\"}", "{\"type\":\"user\"}",
        };

        return load(pieces[next_random(seed) % ELEMENTSOF(pieces)]);
}

/* Takes over json. */
static char *dump(json_t *json) {
        char *text = json_dumps(json, 0);

        assert_non_null(text);
        json_decref(json);
        return text;
}

/* Changes up to two values of json, which it takes over, and perhaps a byte of the text. */
static char *mutate(json_t *json, uint32_t *seed) {
        char *text;

        for (unsigned n = 1 + next_random(seed) % 2; n > 0; n--) {
                json_t *by = piece(seed);
                unsigned place = next_random(seed) % count(json);

                (void) replace(json, &place, by);
                json_decref(by);
        }
        text = dump(json);
        if (next_random(seed) % 8 == 0)
                text[next_random(seed) % strlen(text)] = (char) (1 + next_random(seed) % 255);
        return text;
}

/* An error for each of at most two values that were changed. */
static void expect_clear(const char *text, int r, Log *log) {
        const char *said = log_text(log);

        if ((r < 0) != (log->report.n_errors > 0))
                fail_msg("%s: returned %d with %zu errors", text, r, log->report.n_errors);
        if (log->report.n_errors > 2)
                fail_msg("%s: %zu errors: %s", text, log->report.n_errors, said);
}

static void ignore_section(_unused_ void *userdata, _unused_ const char *name) {
}

static void ignore_entry(_unused_ void *userdata, const char *key, const char *value, _unused_ const Origin *origin,
                         _unused_ const char *by) {
        assert_true(key && value);
}

/* What explain and why read of a config.json that was taken. */
static void explain(const Spec *spec) {
        static const PlanPrinter printer = { ignore_section, ignore_entry, NULL };
        static const char *const questions[] = { "/x/y", "/", "/proc/sys/x" };
        Summary summary = {};
        Bundle bundle = { .spec = spec };

        assert_int_equal(bundle_summarize(&bundle, &summary), 0);
        assert_int_equal(bundle_print(&bundle, &printer, NULL), 0);
        assert_int_equal(bundle_print_root(&bundle, &printer, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(questions); i++) {
                WhyAnswer answer = {};

                assert_int_equal(bundle_why(&bundle, &(WhyQuestion) { .action = WHY_WRITE, .object = questions[i] },
                                            &answer), 0);
                why_answer_deinit(&answer);
        }
        summary_deinit(&summary);
        bundle_deinit(&bundle);
}

static void test_config(_unused_ void **state) {
        size_t good = 0, bad = 0;
        uint32_t seed = 1871;

        for (unsigned i = 0; i < ROUNDS; i++) {
                json_t *config = make_config(i);
                _cleanup_free_ char *text = i < ELEMENTSOF(schedulers) ? dump(config) : mutate(config, &seed);
                char *copy = strdup(text);
                Spec spec = {};
                Log log;
                int r;

                log_init(&log);
                r = spec_parse("/bundle", copy, strlen(copy), &spec, &log.report);
                if (i < ELEMENTSOF(schedulers))
                        expect_result(log_text(&log), r, 0);
                expect_clear(text, r, &log);
                if (r >= 0)
                        check(text, &spec);
                if (r >= 0 && i % 16 == 0)
                        explain(&spec);
                *(r < 0 ? &bad : &good) += 1;
                spec_deinit(&spec);
                log_deinit(&log);
        }
        assert_true(good > ROUNDS / 20 && bad > ROUNDS / 20);
}

/* Reads changes of a file. Returns whether they are taken. */
typedef bool (*ReadFile)(const char *dir, const char *text, void *userdata);

static void read_changes(const json_t *base, const char *name, ReadFile read, void *userdata) {
        char *dir = temp_make();
        size_t good = 0, bad = 0;
        uint32_t seed = 77;

        for (unsigned i = 0; i < FILE_ROUNDS; i++) {
                json_t *json = json_deep_copy(base);
                _cleanup_free_ char *text = i == 0 ? dump(json) : mutate(json, &seed);

                temp_text(dir, name, text);
                *(read(dir, text, userdata) ? &good : &bad) += 1;
                if (i == 0 && good == 0)
                        fail_msg("%s: not taken", text);
        }
        temp_remove(dir);
        if (good <= FILE_ROUNDS / 20 || bad <= FILE_ROUNDS / 20)
                fail_msg("%s: %zu were taken and %zu not", name, good, bad);
}

static bool read_process(const char *dir, const char *text, _unused_ void *userdata) {
        char path[PATH_MAX];
        SpecProcess process = {};
        json_t *json = NULL;
        Log log;
        int r;

        log_init(&log);
        r = spec_load_process(temp_path(path, dir, "process.json"), &json, &process, &log.report);
        expect_clear(text, r, &log);
        if (r >= 0) {
                assert_true(process.arguments && process.arguments[0] && process.directory[0] == '/');
                assert_true(!(process.effective & ~process.permitted));
        }
        spec_process_deinit(&process);
        json_decref(json);
        log_deinit(&log);
        return r >= 0;
}

static void test_process(_unused_ void **state) {
        json_t *config = make_config(0);

        read_changes(json_object_get(config, "process"), "process.json", read_process, NULL);
        json_decref(config);
}

static bool read_resources(const char *dir, const char *text, void *userdata) {
        char path[PATH_MAX];
        Spec changed = {};
        json_t *json = NULL;
        Log log;
        int r;

        log_init(&log);
        r = spec_read_resources(temp_path(path, dir, "resources.json"), &json, &log.report);
        if (r >= 0)
                r = spec_change_resources(userdata, json, path, &changed, &log.report);
        expect_clear(text, r, &log);
        if (r >= 0)
                check(text, &changed);
        spec_deinit(&changed);
        json_decref(json);
        log_deinit(&log);
        return r >= 0;
}

static void test_resources(_unused_ void **state) {
        json_t *config = make_config(0);
        char *text = json_dumps(config, 0);
        Spec old = {};
        Log log;

        log_init(&log);
        assert_int_equal(spec_parse("/bundle", text, strlen(text), &old, &log.report), 0);
        read_changes(json_object_get(json_object_get(config, "linux"), "resources"), "resources.json", read_resources,
                     &old);
        spec_deinit(&old);
        json_decref(config);
        log_deinit(&log);
}

/* The state names a process and a cgroup: what is damaged must not lead to others. */
static bool read_state(_unused_ const char *dir, const char *text, void *userdata) {
        _cleanup_state_ State state = { .directory = -1 };
        Status status;
        Log log;
        int r;

        log_init(&log);
        temp_text(userdata, "box/state.json", text);
        r = state_load(userdata, "box", &state, &log.report);
        if (r >= 0) {
                assert_true(state.pid > 0 && state.bundle && state.version);
                assert_true(json_integer_value(json_object_get(state.json, "pid")) == state.pid);
                assert_true(!state.cgroup || (*state.cgroup == '/' && !strstr(state.cgroup, "/..")));
                assert_true(state.cgroup || !state.systemd);
                assert_true(!json_object_get(state.json, "cgroupInode") || state.cgroup_inode > 0);
                r = state_status(&state, &status, NULL, &log.report);
        }
        expect_clear(text, r, &log);
        log_deinit(&log);
        return r >= 0;
}

static void test_state(_unused_ void **state) {
        json_t *json = load("{\"ociVersion\":\"1.0.2\",\"id\":\"box\",\"bundle\":\"/b\",\"rootfs\":\"/b/r\",\"created\":\"now\","
                            "\"cgroup\":\"/a/b\",\"cgroupInode\":77,\"cgroupRoot\":1,\"systemd\":true,\"pid\":2147483646,\"started\":5,\"annotations\":{\"a\":\"b\"}}");
        char *root = temp_make(), path[PATH_MAX];

        assert_non_null(root);
        assert_int_equal(mkdir(temp_path(path, root, "box"), 0700), 0);
        read_changes(json, "state", read_state, root);
        temp_remove(root);
        json_decref(json);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_fields),
                cmocka_unit_test(test_config),
                cmocka_unit_test(test_process),
                cmocka_unit_test(test_resources),
                cmocka_unit_test(test_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
