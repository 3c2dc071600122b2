/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* config.json: what becomes of its limits, and what is refused. */
#include "helper.h"

#include <jansson.h>

#include "oci/explain/bundle.h"
#include "oci/spec/line.h"
#include "oci/spec/load.h"
#include "util/text.h"

#define PROCESS "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"}"
#define FLYING "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_FLY\"]}}"
#define FROM(version) "{\"ociVersion\":\"" version "\",\"root\":{\"path\":\"r\"},"
#define BEGIN FROM("1.0.2")
#define NAMESPACES "\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"uts\"},{\"type\":\"network\"}]"
#define LINUX(more) BEGIN PROCESS ",\"linux\":{" NAMESPACES more "}}"
#define RESOURCES(more) LINUX(",\"resources\":{" more "}")

static int parse(const char *text, Spec *ret, Log *log) {
        char *copy = strdup(text);

        assert_non_null(copy);
        return spec_parse("/bundle", copy, strlen(copy), ret, &log->report);
}

/* The limits, a line for each file. */
static void test_limits(_unused_ void **state) {
        static const struct {
                const char *resources, *files;
        } cases[] = {
                { RESOURCES(""), "" },
                { RESOURCES("\"memory\":{\"limit\":1000,\"swap\":1500}"), "memory.max 1000\nmemory.swap.max 500\n" },
                { RESOURCES("\"memory\":{\"limit\":1000,\"swap\":-1}"), "memory.max 1000\nmemory.swap.max max\n" },
                { RESOURCES("\"memory\":{\"limit\":-1,\"reservation\":5}"), "memory.max max\nmemory.low 5\n" },
                /* Engines in Go write this for "no limit". */
                { RESOURCES("\"pids\":{\"limit\":18446744073709551615}"), "pids.max max\n" },
                { RESOURCES("\"pids\":{\"limit\":0}"), "" },
                { FROM("1.3.0") PROCESS ",\"linux\":{" NAMESPACES ",\"resources\":{\"pids\":{\"limit\":0}}}}", "pids.max 1\n" },
                { FROM("1.10.0") PROCESS ",\"linux\":{" NAMESPACES ",\"resources\":{\"pids\":{\"limit\":0}}}}", "pids.max 1\n" },
                { FROM("1.3.0") PROCESS ",\"linux\":{" NAMESPACES ",\"resources\":{\"pids\":{}}}}", "" },
                /* An unknown capability is ignored since version 1.1. */
                { FROM("1.1.0") FLYING ",\"linux\":{" NAMESPACES "}}", "" },
                { RESOURCES("\"cpu\":{\"shares\":2}"), "cpu.weight 1\n" },
                { RESOURCES("\"cpu\":{\"shares\":1024}"), "cpu.weight 39\n" },
                { RESOURCES("\"cpu\":{\"shares\":262144}"), "cpu.weight 10000\n" },
                { RESOURCES("\"cpu\":{\"quota\":5000}"), "cpu.max 5000 100000\n" },
                { RESOURCES("\"cpu\":{\"quota\":-1,\"period\":5000}"), "cpu.max max 5000\n" },
                { RESOURCES("\"cpu\":{\"quota\":5000,\"burst\":7}"), "cpu.max 5000 100000\ncpu.max.burst 7\n" },
                { RESOURCES("\"cpu\":{\"burst\":0}"), "cpu.max.burst 0\n" },
                { RESOURCES("\"cpu\":{\"idle\":1,\"cpus\":\"0-1\",\"mems\":\"0\"}"),
                  "cpu.idle 1\ncpuset.cpus 0-1\ncpuset.mems 0\n" },
                { RESOURCES("\"blockIO\":{\"weight\":10}"), "io.weight 1\n" },
                { RESOURCES("\"blockIO\":{\"weight\":1000}"), "io.weight 10000\n" },
                { RESOURCES("\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":1,\"weight\":505}]}"),
                  "io.weight 8:1 5000\n" },
                { RESOURCES("\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":5}],"
                            "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":0,\"rate\":6}]}"),
                  "io.max 8:0 rbps=5\nio.max 8:0 wiops=6\n" },
                { RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]"), "hugetlb.2MB.max 4194304\n" },
                { RESOURCES("\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":5}}"),
                  "rdma.max mlx5_1 hca_handle=3\nrdma.max mlx5_1 hca_object=5\n" },
                { RESOURCES("\"unified\":{\"memory.high\":\"5\"}"), "memory.high 5\n" },
                { RESOURCES("\"unified\":{\"io.max\":\"8:0 rbps=5\\n8:1 wiops=6 rbps=7\\n\",\"memory.low\":\"\"}"),
                  "io.max 8:0 rbps=5\nio.max 8:1 wiops=6 rbps=7\nmemory.low \n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Spec spec = {};
                Buffer b;
                Log log;

                log_init(&log);
                buffer_init(&b);
                expect_result(cases[i].resources, parse(cases[i].resources, &spec, &log), 0);
                for (size_t k = 0; k < spec.n_cgroup_files; k++)
                        fprintf(b.f, "%s %s\n", spec.cgroup_files[k].file, spec.cgroup_files[k].value);
                expect_text(cases[i].resources, buffer_text(&b), cases[i].files);
                spec_deinit(&spec);
                buffer_deinit(&b);
                log_deinit(&log);
        }
}

static void test_refused(_unused_ void **state) {
        static const struct {
                const char *text, *error;
        } cases[] = {
                { "", "config.json:1: " },
                { "[]", "config.json" },
                { "{}", "/ociVersion: it is missing" },
                { FROM("1.") PROCESS "}", "/ociVersion: isorun-oci knows only versions 1.x" },
                { FROM("10.0.0") PROCESS "}", "/ociVersion: isorun-oci knows only versions 1.x" },
                { BEGIN FLYING ",\"linux\":{" NAMESPACES "}}", "/process/capabilities/bounding/1: isorun-oci does not know" },
                { BEGIN "\"linux\":{" NAMESPACES "}}", "/process: it is missing" },
                { BEGIN PROCESS "}", "/linux/namespaces: a mount namespace is missing" },
                { BEGIN PROCESS "," PROCESS ",\"linux\":{" NAMESPACES "}}", "duplicate" },
                { BEGIN "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"FAST\"]}},"
                        "\"linux\":{" NAMESPACES "}}", "/process/scheduler/flags/0: isorun-oci does not know \"FAST\"" },
                { RESOURCES("\"memory\":{\"limit\":1000,\"swap\":500}"), "/linux/resources/memory: swap is the sum of" },
                { RESOURCES("\"memory\":{\"limit\":\"1k\"}"), "/linux/resources/memory/limit: it must be an integer" },
                { RESOURCES("\"memory\":{\"limit\":1.5}"), "/linux/resources/memory/limit: it must be an integer" },
                { RESOURCES("\"blockIO\":{\"weight\":5}"), "/linux/resources/blockIO: a weight is 10 to 1000" },
                { RESOURCES("\"blockIO\":{\"weightDevice\":[{\"major\":8}]}"), "it needs major, minor, and a weight" },
                { RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"../x\",\"limit\":5}]"), "pageSize is not a size" },
                { RESOURCES("\"unified\":{\"cgroup.kill\":\"1\"}"), "it is not a limit" },
                { RESOURCES("\"unified\":{\"../memory.max\":\"1\"}"), "it is not a limit" },
                { LINUX(",\"cgroupsPath\":\"/a/../../b\""), "/linux/cgroupsPath: it must not contain \"..\"" },
                { LINUX(",\"sysctl\":{\"kernel.panic\":\"1\"}"), "/linux/sysctl/kernel.panic: the sysctl would change" },
                { LINUX(",\"sysctl\":{\"net/../kernel.x\":\"1\"}"), "it is not the name of a sysctl" },
                { LINUX(",\"personality\":{\"domain\":\"BSD\"}"), "/linux/personality/domain: isorun-oci does not know" },
                { RESOURCES("\"rdma\":{\"a b\":{\"hcaHandles\":3}}"), "it is not the name of a device" },
                { BEGIN PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"netDevices\":{\"eth0\":{}}}}",
                  "/linux/netDevices: network devices need a new or joined" },
                { LINUX(",\"netDevices\":{\"a b\":{}}"), "/linux/netDevices/a b: it is not the name of a network device" },
                { LINUX(",\"netDevices\":{\"a%d\":{}}"), "/linux/netDevices/a%d: it is not the name of a network device" },
                { LINUX(",\"netDevices\":{\"a\":{\"name\":\"%d%d\"}}"), "/linux/netDevices/a/name: it is not the name of" },
                { LINUX(",\"netDevices\":{\"a\":{\"name\":\"abcdefghijklmnop\"}}"), "/linux/netDevices/a/name: it is not" },
                { LINUX(",\"netDevices\":{\"a\":{\"name\":\"b\"},\"b\":{}}"), "/linux/netDevices/b: the device a gets the name b" },
                { LINUX(",\"timeOffsets\":{\"monotonic\":{\"secs\":1}}"), "/linux/timeOffsets: offsets need a new time" },
                { BEGIN "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"execCPUAffinity\":{\"final\":\"0,3-2\"}},"
                        "\"linux\":{" NAMESPACES "}}", "/process/execCPUAffinity/final: it is not a list of CPUs" },
                { BEGIN PROCESS ",\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/\",\"options\":[\"idmap\"]}],"
                        "\"linux\":{" NAMESPACES "}}", "/mounts/0: without a user namespace, idmap needs" },
                { BEGIN PROCESS ",\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\",\"source\":\"/\","
                        "\"options\":[\"idmap=uids=0-0-1;gids=@0-9-2\"]}],\"linux\":{\"namespaces\":[{\"type\":\"mount\"},"
                        "{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":10}],"
                        "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":10}]}}",
                  "does not have the ids @9 to @10 in one entry" },
                { LINUX(",\"mountLabel\":\"a:b\\nc\""), "/linux/mountLabel: it is not a label: it has a newline" },
                { BEGIN "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"selinuxLabel\":\"\\n\"},\"linux\":{" NAMESPACES "}}",
                  "/process/selinuxLabel: it is not a label" },
                { BEGIN "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"additionalGids\":[18446744073709551615]}},"
                        "\"linux\":{" NAMESPACES "}}", "/process/user/additionalGids/0: it is not a group" },
                { LINUX(",\"rootfsPropagation\":\"public\""), "it must be private, slave, shared or unbindable" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Spec spec = {};
                Log log;

                log_init(&log);
                if (parse(cases[i].text, &spec, &log) >= 0)
                        fail_msg("%s: taken", cases[i].text);
                expect_in(cases[i].text, log_text(&log), cases[i].error);
                log_deinit(&log);
        }
}

/* Limits that change become a part of the old ones; what is 0 asks for nothing. */
static void test_change(_unused_ void **state) {
        json_t *changes = json_loads("{\"memory\":{\"limit\":1200},\"devices\":[{\"allow\":true}]}", 0, NULL);
        Spec old = {}, changed = {};
        Log log;

        log_init(&log);
        assert_int_equal(parse(RESOURCES("\"memory\":{\"limit\":1000,\"swap\":1500},\"pids\":{\"limit\":5}"), &old, &log), 0);
        assert_int_equal(spec_change_resources(&old, changes, "changes", &changed, &log.report), 0);
        assert_int_equal(changed.n_cgroup_files, 3);
        assert_string_equal(changed.cgroup_files[0].value, "1200");
        assert_string_equal(changed.cgroup_files[1].value, "300");
        assert_string_equal(changed.cgroup_files[2].value, "5");
        assert_null(changed.device_rules);
        expect_in("devices", log_text(&log), "changes: /devices: ignored");
        json_decref(changes);
        spec_deinit(&old);
        spec_deinit(&changed);
        log_deinit(&log);
}

/* Notices are few, and the last one has the number of the others. */
static void test_unknown(_unused_ void **state) {
        _cleanup_text_ Text text = {};
        _cleanup_free_ char *config = NULL;
        Spec spec = {};
        Log log;

        assert_int_equal(text_open(&text), 0);
        fputs(BEGIN PROCESS ",\"linux\":{" NAMESPACES, text.f);
        for (unsigned i = 0; i < 103; i++)
                fprintf(text.f, ",\"x%u\":1", i);
        fputs("}}", text.f);
        config = text_finish(&text);
        log_init(&log);
        assert_int_equal(parse(config, &spec, &log), 0);
        expect_in("x99", log_text(&log), "/linux/x99: ignored: isorun-oci does not know this field");
        expect_in("the others", log_text(&log), "/linux: more fields that isorun-oci does not know, and ignores: 3");
        assert_null(strstr(log_text(&log), "x100"));
        spec_deinit(&spec);
        log_deinit(&log);
}

/* libjansson reads all integers of such a file as reals. */
static void test_reals(_unused_ void **state) {
        static const char text[] = BEGIN
                "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":7,\"additionalGids\":[10,4294967294]},"
                "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}]},"
                "\"linux\":{" NAMESPACES ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":3,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}}}";
        const WhyQuestion question = { .action = WHY_CALL, .object = "mount", .n_arguments = 1 };
        Spec spec = {};
        Bundle bundle = { .spec = &spec };
        WhyAnswer answer = {};
        Log log;

        log_init(&log);
        expect_result(text, parse(text, &spec, &log), 0);
        expect_text(text, log_text(&log), "");
        assert_int_equal(spec.process.uid, 7);
        assert_int_equal(spec.process.n_groups, 2);
        assert_int_equal(spec.process.groups[0], 10);
        assert_int_equal(spec.process.groups[1], UINT32_MAX - 1);
        assert_true(spec.process.limits[0].limit.rlim_max == RLIM_INFINITY);
        assert_int_equal(bundle_why(&bundle, &question, &answer), 0);
        assert_int_equal(answer.verdict, WHY_DEPENDS); /* on the argument 3 */
        why_answer_deinit(&answer);
        bundle_deinit(&bundle);
        spec_deinit(&spec);
        log_deinit(&log);
}

/* Strings with quotes, brackets and escapes must not lead to another line. */
static void test_lines(_unused_ void **state) {
        static const char text[] = "\n{\"a\": \"}],\\\"{\",\n\"a/b~\": [\n1, [2,\n {\"\\u0063\":\n true}],\"x\"\n, 3],\n\"d\": {}, "
                                   "\"e\":\nnull}";
        static const struct {
                const char *pointer;
                unsigned line;
        } cases[] = {
                { "", 2 }, { "/a", 2 }, { "/a~1b~0", 3 }, { "/a~1b~0/0", 4 }, { "/a~1b~0/1/1", 5 },
                { "/a~1b~0/1/1/c", 6 }, { "/a~1b~0/2", 6 }, { "/a~1b~0/3", 7 }, { "/d", 8 }, { "/e", 9 },
                { "/f", 0 }, { "/a/b", 0 }, { "/a~1b~0/4", 0 }, { "/d/x", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_result(cases[i].pointer, (int) json_line(text, cases[i].pointer), (int) cases[i].line);
}

/* With no_new_privs, execve(2) gives root only what it has. */
static void test_capabilities(_unused_ void **state) {
        Spec spec = { .process = { .bounding = 0xf, .permitted = 0x3, .inheritable = 0x11, .ambient = 0x1 } };

        assert_int_equal(bundle_capabilities(&spec), 0x1f);
        spec.process.no_new_privileges = true;
        assert_int_equal(bundle_capabilities(&spec), 0x3);
        spec.process.uid = 1;
        assert_int_equal(bundle_capabilities(&spec), 0x1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_change),
                cmocka_unit_test(test_unknown),
                cmocka_unit_test(test_reals),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_capabilities),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
