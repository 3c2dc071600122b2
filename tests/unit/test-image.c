/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the images of strangers say: names of files in archives, and JSON. Some cases by hand, then random ones, the same
 * in each run: the program must take one or report why not, and must take nothing that leads elsewhere. */
#include "helper.h"

#include <errno.h>

#include "image/config.h"
#include "image/manifest.h"
#include "image/member.h"
#include "image/store.h"
#include "lib/image-root.h"
#include "util/strv.h"
#include "util/text.h"

enum { ROUNDS = 20000 };

#define A8 "aaaaaaaa"
#define HEX A8 A8 A8 A8 A8 A8 A8 A8
#define DIGEST "\"size\":7,\"digest\":\"sha256:" HEX "\""
#define OCI "application/vnd.oci.image."
#define INDEX "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\"," DIGEST ",\"annotations\":" \
              "{\"org.opencontainers.image.ref.name\":\"team/app:1\"}}]}"
#define MANIFEST "{\"config\":{\"mediaType\":\"" OCI "config.v1+json\"," DIGEST "},\"layers\":" \
                 "[{\"mediaType\":\"" OCI "layer.v1.tar+gzip\"," DIGEST "}]}"
#define DOCKER "[{\"Config\":\"" HEX ".json\",\"RepoTags\":[\"team/app:1\"],\"Layers\":[\"a/layer.tar\"]}]"
#define CONFIG "{\"os\":\"linux\",\"rootfs\":{\"diff_ids\":[\"sha256:" HEX "\"]}}"

static const struct {
        const char *text;
        int result;
        const char *path, *parent, *name;
} members[] = {
        { "a/b/c", 0, "a/b/c", "a/b", "c" },
        { "./a//b/./c/", 0, "a/b/c", "a/b", "c" },
        { "a", 0, "a", "", "a" },
        { ".", 0, "", "", "" },
        { "", 0, "", "", "" },
        { "...", 0, "...", "", "..." },
        { "a/..b", 0, "a/..b", "a", "..b" },
        { "/a", -EXDEV, NULL, NULL, NULL },
        { "..", -EXDEV, NULL, NULL, NULL },
        { "a/../b", -EXDEV, NULL, NULL, NULL },
        { "a/..", -EXDEV, NULL, NULL, NULL },
};

static void test_members(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                const typeof(members[0]) *c = &members[i];
                Member member;

                expect_result(c->text, member_parse(c->text, &member), c->result);
                if (c->result < 0)
                        continue;
                expect_text(c->text, member.path, c->path);
                expect_text(c->text, member.parent, c->parent);
                expect_text(c->text, member.name, c->name);
        }
}

/* A name of n components, of which each is one byte. */
static int parse_deep(size_t n) {
        char text[2 * PATH_MAX] = "";
        Member member;

        for (size_t i = 0; i < n; i++)
                strcpy(text + 2 * i, "a/");
        return member_parse(text, &member);
}

/* A name of n bytes, in components of 200. */
static int parse_long(size_t n) {
        char text[2 * PATH_MAX];
        Member member;

        memset(text, 'a', n);
        for (size_t i = 200; i < n - 1; i += 200)
                text[i] = '/';
        text[n] = '\0';
        return member_parse(text, &member);
}

static void test_member_bounds(_unused_ void **state) {
        expect_result("250 directories", parse_deep(250), 0);
        expect_result("251 directories", parse_deep(251), -ENAMETOOLONG);
        expect_result("4094 bytes", parse_long(PATH_MAX - 2), 0);
        expect_result("4096 bytes", parse_long(PATH_MAX), -ENAMETOOLONG);
}

/* promise P51 */
static void test_random_members(_unused_ void **state) {
        static const char *const pieces[] = { "/", "/", "a", "b", ".", "..", ".wh.", ".wh..wh..opq", "\\", "//" };
        size_t good = 0, bad = 0;
        uint32_t seed = 4711;

        for (unsigned i = 0; i < ROUNDS; i++) {
                char text[256] = "", joined[sizeof(text)];
                Member m;

                for (unsigned n = next_random(&seed) % 8; n > 0; n--)
                        strcat(text, pieces[next_random(&seed) % ELEMENTSOF(pieces)]);
                if (member_parse(text, &m) < 0) {
                        bad++;
                        continue;
                }
                good++;
                snprintf(joined, sizeof(joined), "/%.250s", m.path);
                if (!path_is_safe(joined) || strchr(m.name, '/') || streq(m.name, ".") || streq(m.name, ".."))
                        fail_msg("\"%s\" gave \"%s\"", text, m.path);
                snprintf(joined, sizeof(joined), "%.120s%s%.120s", m.parent, *m.parent ? "/" : "", m.name);
                expect_text(text, joined, m.path);
        }
        assert_true(good > ROUNDS / 20 && bad > ROUNDS / 20);
}

static void test_names(_unused_ void **state) {
        static const struct {
                const char *text, *name;
        } names[] = {
                { "a", "a:latest" }, { "a:1", "a:1" }, { "host.example/team/app", "host.example/team/app:latest" },
                { "", NULL }, { ":1", NULL }, { "a:", NULL }, { "a/", NULL }, { "/a", NULL }, { "a//b", NULL },
                { "..", NULL }, { "../a", NULL }, { "a/..", NULL }, { "a:..", NULL }, { ".new", NULL }, { "-a", NULL },
                { "a%b", NULL }, { "a b", NULL }, { "host:5000/a", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *name = NULL;

                expect_result(names[i].text, image_name_parse(names[i].text, &name), names[i].name ? 0 : -EINVAL);
                if (names[i].name)
                        expect_text(names[i].text, name, names[i].name);
        }
}

/* Each reader of JSON returns 0 or -errno, and fails if it has taken something that it must not. */

static int take_index(const char *text, size_t size, Log *log) {
        Chosen chosen = {};
        int r = index_choose(text, size, NULL, &chosen, &log->report);

        if (r >= 0 && !digest_is_hex(chosen.blob.digest.hex))
                fail_msg("%s: took a digest \"%s\"", text, chosen.blob.digest.hex);
        free(chosen.name);
        return r;
}

static void check_blob(const char *text, const char *path) {
        const char *hex = path ? startswith(path, "blobs/sha256/") : NULL;

        if (!hex || !digest_is_hex(hex))
                fail_msg("%s: took the path \"%s\"", text, path ?: "");
}

static int take_manifest(const char *text, size_t size, Log *log) {
        Manifest m = {};
        int r = manifest_read(text, size, &m, &log->report);

        if (r >= 0) {
                assert_true(m.verify_config && m.n_layers > 0);
                check_blob(text, m.config_path);
                for (size_t i = 0; i < m.n_layers; i++) {
                        assert_true(m.layers[i].verified);
                        check_blob(text, m.layers[i].path);
                }
        }
        manifest_deinit(&m);
        return r;
}

/* Its paths are looked up below the archive's files: the suite "image". */
static int take_docker(const char *text, size_t size, Log *log) {
        Manifest m = {};
        int r = docker_manifest_read(text, size, NULL, &m, &log->report);

        if (r >= 0) {
                assert_true(m.config_path && m.n_layers > 0);
                for (size_t i = 0; i < m.n_layers; i++)
                        assert_true(m.layers[i].path && m.layers[i].sniff);
        }
        manifest_deinit(&m);
        return r;
}

static int take_layers(const char *text, size_t size, Log *log) {
        _cleanup_free_ Digest *digests = NULL;
        int r = config_read_layers(text, size, 1, &digests, &log->report);

        if (r >= 0 && !digest_is_hex(digests[0].hex))
                fail_msg("%s: took a digest \"%s\"", text, digests[0].hex);
        return r;
}

static const struct Reader {
        int (*take)(const char *text, size_t size, Log *log);
        const char *good;
} readers[] = {
        { take_index, INDEX },
        { take_manifest, MANIFEST },
        { take_docker, DOCKER },
        { take_layers, CONFIG },
};

static int take(const struct Reader *reader, const char *text, size_t size) {
        Log log;
        int r;

        log_init(&log);
        r = reader->take(text, size, &log);
        expect_number(text, log.report.n_errors, r < 0);
        log_deinit(&log);
        return r;
}

static void replace(char *text, size_t size, size_t begin, size_t end, const char *by) {
        char tail[1024];

        snprintf(tail, sizeof(tail), "%s", text + end);
        snprintf(text + begin, size - begin, "%s%s", by, tail);
}

/* Replaces a string, a number of bytes, or nothing, by something that has a meaning. */
static void damage(uint32_t *seed, char *text, size_t size) {
        static const char *const pieces[] = { "", "\"\"", "{}", "[]", "null", "1", "-1", "1e999", "true", "[[[[", "\"sha256:\"",
                                              "\"sha256:../../../etc/passwd\"", "\"sha512:" HEX "\"", "\"../x\"", "\"/x\"", "\"%\"",
                                              "\"\\u0000\"", "\"\xff\"", "\"digest\"", "\"layers\"", "\"linux\"", ",", "{", "}",
                                              "[", "]" };
        const char *piece = pieces[next_random(seed) % ELEMENTSOF(pieces)];
        size_t n = strlen(text), begin = n ? next_random(seed) % n : 0, end = begin;

        if (next_random(seed) % 4) { /* the string after this place */
                const char *quote = strchr(text + begin, '"');

                begin = quote ? (size_t) (quote - text) : begin;
                quote = quote ? strchr(quote + 1, '"') : NULL;
                end = quote ? (size_t) (quote + 1 - text) : n;
        } else
                end = begin + next_random(seed) % 8 < n ? begin + next_random(seed) % 8 : n;
        if (end > n)
                end = n;
        replace(text, size, begin, end, piece);
}

/* promise P51 */
static void test_random_json(_unused_ void **state) {
        size_t good = 0, bad = 0;
        uint32_t seed = 815;

        for (size_t i = 0; i < ELEMENTSOF(readers); i++)
                expect_result(readers[i].good, take(&readers[i], readers[i].good, strlen(readers[i].good)), 0);
        for (unsigned i = 0; i < ROUNDS; i++) {
                const struct Reader *reader = &readers[i % ELEMENTSOF(readers)];
                char text[1024];

                snprintf(text, sizeof(text), "%s", reader->good);
                for (unsigned n = next_random(&seed) % 3; n < 3; n++)
                        damage(&seed, text, sizeof(text));
                *(take(reader, text, strlen(text)) < 0 ? &bad : &good) += 1;
        }
        assert_true(good > ROUNDS / 100 && bad > ROUNDS / 20);
}

/* Each reader takes a part of its good text for damaged. */
static void test_truncated_json(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(readers); i++)
                for (size_t n = 0; n < strlen(readers[i].good); n++)
                        if (take(&readers[i], readers[i].good, n) >= 0)
                                fail_msg("the first %zu bytes were taken of %s", n, readers[i].good);
}

/* What other parsers of JSON read in different ways, or with too much memory. */
/* promise P51 */
static void test_strange_json(_unused_ void **state) {
        enum { DEEP = 100000 };
        static const struct {
                const char *what, *text;
        } cases[] = {
                { "a list of manifests that is there twice", "{\"manifests\":[],\"manifests\":[" "{}]}" },
                { "a digest that is there twice", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\"," DIGEST "," DIGEST "}]}" },
                { "a number that no type has", "{\"x\":" A8 "}" },
                { "a number of 10^999", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\"," DIGEST ",\"size\":1e999}]}" },
                { "an integer of 30 digits", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\"," DIGEST
                                             ",\"size\":999999999999999999999999999999}]}" },
                { "text after the object", INDEX "{}" },
                { "a byte that is not UTF-8", "{\"manifests\":[\"\xff\"]}" },
                { "a digest in upper case", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\","
                                            "\"digest\":\"sha256:" "AAAAAAAA" A8 A8 A8 A8 A8 A8 A8 "\"}]}" },
                { "a size that is missing", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"sha256:" HEX "\"}]}" },
                { "a size that is negative", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"sha256:" HEX "\",\"size\":-1}]}" },
                { "a size that is a string", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":\"sha256:" HEX "\",\"size\":\"1\"}]}" },
                { "a digest that is a number", "{\"manifests\":[{\"mediaType\":\"" OCI "manifest.v1+json\",\"digest\":1}]}" },
                { "manifests that are an object", "{\"manifests\":{\"0\":{}}}" },
        };
        char *deep = malloc(DEEP + 1);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_result(cases[i].what, take(&readers[0], cases[i].text, strlen(cases[i].text)) < 0, true);
        assert_non_null(deep);
        memset(deep, '[', DEEP);
        deep[DEEP] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(readers); i++)
                expect_result("100000 lists in each other", take(&readers[i], deep, DEEP) < 0, true);
        free(deep);
}

static const struct {
        const char *what, *config, *policy;
        ConfigIds ids;
} configs[] = {
        { "Entrypoint and Cmd", "{\"config\":{\"Cmd\":[\"$b %c\"],\"Entrypoint\":[\"/a\"]}}",
          "[Policy]\nExecStart=/a \"$$b %%c\"\n[Sandbox]\n" },
        { "an environment variable", "{\"config\":{\"Env\":[\"A=b c\",\"no\",\"1=x\"]}}",
          "[Policy]\n[Sandbox]\nEnvironment=\"A=b c\"\n" },
        { "a line in a value", "{\"config\":{\"Env\":[\"A=\\nRootDirectory=/\"]}}",
          "[Policy]\n[Sandbox]\nEnvironment=\"A=\\x0aRootDirectory=/\"\n" },
        { "volumes", "{\"config\":{\"Volumes\":{\"/data\":{},\"/\":{},\"data\":{},\"/a/../b\":{},\"/a:b\":{}}}}",
          "[Policy]\n[Sandbox]\nTemporaryFileSystem=/data\n" },
        { "a directory", "{\"config\":{\"WorkingDir\":\"/w\"}}", "[Policy]\n[Sandbox]\nWorkingDirectory=/w\n" },
        { "a directory with a space and a quote", "{\"config\":{\"WorkingDir\":\"/a b\\\"%\"}}",
          "[Policy]\n[Sandbox]\nWorkingDirectory=/a b\"%%\n" },
        { "a directory that goes on in the next line", "{\"config\":{\"WorkingDir\":\"/w\\\\\"}}", "[Policy]\n[Sandbox]\n" },
        { "a directory of two lines", "{\"config\":{\"WorkingDir\":\"/w\\nUser=root\"}}", "[Policy]\n[Sandbox]\n" },
        { "an empty command", "{\"config\":{\"Entrypoint\":[\"\"],\"Cmd\":[\"/a\"]}}", "[Policy]\n[Sandbox]\n" },
        { "a command with a prefix", "{\"config\":{\"Entrypoint\":[1],\"Cmd\":[\"+/a\"]}}", "[Policy]\n[Sandbox]\n" },
        { "a word that ends a command", "{\"config\":{\"Cmd\":[\"/a\",\";\",\"b\"]}}",
          "[Policy]\nExecStart=/a \";\" b\n[Sandbox]\n" },
        { "a relative directory", "{\"config\":{\"WorkingDir\":\"../w\"}}", "[Policy]\n[Sandbox]\n" },
        { "a signal", "{\"config\":{\"StopSignal\":\"SIGINT\"}}",
          "[Policy]\n[Sandbox]\n[Policy]\nOptional=KillSignal\n[Scope]\nKillSignal=SIGINT\n" },
        { "not a signal", "{\"config\":{\"StopSignal\":\"SIGNOT\"}}", "[Policy]\n[Sandbox]\n" },
        { "other types", "{\"config\":{\"Env\":{},\"Cmd\":1,\"Volumes\":[],\"WorkingDir\":{},\"User\":[]}}",
          "[Policy]\n[Sandbox]\n" },
        { "no config", "{}", "[Policy]\n[Sandbox]\n" },
        { "a user", "{\"config\":{\"User\":\"app\"}}",
          "[Policy]\n[Sandbox]\nUser=5\nGroup=6\nEnvironment=\"HOME=/a b\"\n",
          { .keep = true, .uid = 5, .gid = 6, .home = "/a b" } },
        { "a user, and HOME", "{\"config\":{\"User\":\"app\",\"Env\":[\"HOME=/c\"]}}",
          "[Policy]\n[Sandbox]\nEnvironment=HOME=/c\nUser=5\nGroup=0\n", { .keep = true, .uid = 5, .home = "/a" } },
        { "a user with subordinate ids", "{\"config\":{\"User\":\"app\"}}",
          "[Policy]\n[Sandbox]\nPrivateUsers=subordinate\nUser=5\nGroup=6\n",
          { .keep = true, .subordinate = true, .uid = 5, .gid = 6 } },
        { "files of others", "{}", "[Policy]\n[Sandbox]\nPrivateUsers=subordinate\n",
          { .keep = true, .subordinate = true, .others = true } },
        { "only root", "{\"config\":{\"User\":\"root\"}}", "[Policy]\n[Sandbox]\n",
          { .keep = true, .subordinate = true } },
        { "a user without ids", "{\"config\":{\"User\":\"app\"}}", "[Policy]\n[Sandbox]\n", { .others = true } },
};

static void test_configs(_unused_ void **state) {
        for (size_t i = 0; i < ELEMENTSOF(configs); i++) {
                _cleanup_free_ char *policy = NULL;
                Log log;

                log_init(&log);
                expect_result(configs[i].what,
                              config_write_policy(configs[i].config, strlen(configs[i].config), &configs[i].ids, &policy,
                                                  &log.report), 0);
                expect_text(configs[i].what, policy, configs[i].policy);
                log_deinit(&log);
        }
}

/* Adds a string of JSON. */
static void add_string(uint32_t *seed, FILE *f, const char *begin) {
        static const char *const pieces[] = { "A", "=", "/", "..", " ", "%", "%h", "$", "$$", ";", "\\\\", "\\n", "\\r", "\\t",
                                              "\\\"", "'", ":", "ro", "#", "-", "[Scope]", "RootDirectory=/", "\\u0001",
                                              "\\u2028", "\\\\n", "@", "!", "+" };

        fprintf(f, "\"%s", begin);
        for (unsigned n = next_random(seed) % 5; n > 0; n--)
                fputs(pieces[next_random(seed) % ELEMENTSOF(pieces)], f);
        fputc('"', f);
}

static void make_config(uint32_t *seed, FILE *f) {
        fputs("{\"config\":{\"Entrypoint\":[", f);
        add_string(seed, f, "");
        fputs("],\"Cmd\":[", f);
        add_string(seed, f, "");
        fputs("],\"Env\":[", f);
        add_string(seed, f, "A=");
        fputs("],\"Volumes\":{", f);
        add_string(seed, f, "/");
        fputs(":{}},\"WorkingDir\":", f);
        add_string(seed, f, "/");
        fputs(",\"StopSignal\":", f);
        add_string(seed, f, next_random(seed) % 2 ? "SIG" : "SIGINT");
        fputs(",\"User\":", f);
        add_string(seed, f, next_random(seed) % 2 ? "" : "33");
        fputs("}}", f);
}

static bool is_user(DirectiveId id) {
        return id == D_User || id == D_Group || id == D_PrivateUsers;
}

/* Whatever a config says, the policy has no other directives; and those of the user are as its layers say. */
static void check_directives(const char *text, const Policy *policy, const ConfigIds *ids) {
        for (DirectiveId id = 0; id < _DIRECTIVE_MAX; id++)
                if (policy->settings[id].n > 0 && id != D_ExecStart && id != D_Environment && id != D_WorkingDirectory &&
                    id != D_TemporaryFileSystem && id != D_KillSignal && id != D_Optional && !(ids->keep && is_user(id)))
                        fail_msg("%s: sets %s=", text, directive_table[id].name);
        expect_number(text, policy->settings[D_Environment].n, ids->home ? 2 : 1);
        if (!ids->keep)
                return;
        expect_text(text, policy_get(policy, D_User)->value.text, "5");
        expect_text(text, policy_get(policy, D_Group)->value.text, "6");
        expect_number(text, policy->settings[D_PrivateUsers].n, ids->subordinate);
}

/* promise P51 */
static void test_random_configs(_unused_ void **state) {
        static const ConfigIds all[] = { {}, { .keep = true, .uid = 5, .gid = 6, .home = "/a \"b" },
                                         { .keep = true, .subordinate = true, .uid = 5, .gid = 6 } };
        uint32_t seed = 4711;

        for (unsigned i = 0; i < ROUNDS / 4; i++) {
                const ConfigIds *ids = &all[i % ELEMENTSOF(all)];
                _cleanup_(policy_freep) Policy *policy = test_policy();
                _cleanup_free_ char *text = NULL;
                const char *config;
                Buffer json;
                Log log;

                buffer_init(&json);
                log_init(&log);
                make_config(&seed, json.f);
                config = buffer_text(&json);
                expect_result(config, config_write_policy(config, strlen(config), ids, &text, &log.report), 0);
                if (test_read(policy, &log, text) < 0)
                        fail_msg("%s\ngave a policy that is not one:\n%s\n%s", config, text, log_text(&log));
                check_directives(config, policy, ids);
                log_deinit(&log);
                buffer_deinit(&json);
        }
}

static char *digest_of(const char *lines) {
        const Specifiers none = {};
        _cleanup_(policy_freep) Policy *policy = policy_new(&none);
        _cleanup_free_ char *text = format("[Sandbox]\nRootDirectory=image:app:1\n%s", lines);
        Log log;

        log_init(&log);
        if (test_read(policy, &log, text) < 0)
                fail_msg("%s: %s", lines, log_text(&log));
        log_deinit(&log);
        return image_root_digest(policy);
}

/* Policies that are not the same, but whose values have the same texts. */
static void test_digests(_unused_ void **state) {
        static const char *const pairs[][2] = {
                { "SystemCallFilter=mount\n", "SystemCallFilter=~mount\n" },
                { "RestrictAddressFamilies=none\n", "RestrictAddressFamilies=AF_UNIX\n" },
                { "BindPaths=/opt\n", "BindPaths=-/opt\n" },
                { "GrantPaths=/mnt/in\n", "GrantPaths=/mnt/in:rw\n" },
                { "File=/x:a\n", "File=/x:b\n" },
                { "[Stage.a]\nReadOnlyPaths=/\n", "" },
                { "[Stage.a]\nReadWritePaths=/x\n", "[Stage.a]\nReadWritePaths=/y\n" },
                { "[Stage.a]\nSystemCallFilter=mount\n", "[Stage.a]\nSystemCallFilter=~mount\n" },
                { "[Stage.a]\nSystemCallFilter=\n", "[Stage.a]\nCapabilityBoundingSet=\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                _cleanup_free_ char *first = digest_of(pairs[i][0]), *second = digest_of(pairs[i][1]),
                                    *again = digest_of(pairs[i][0]);

                expect_text(pairs[i][0], again, first);
                if (streq(first, second))
                        fail_msg("the same digest for %s and %s", pairs[i][0], pairs[i][1]);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_members),
                cmocka_unit_test(test_member_bounds),
                cmocka_unit_test(test_random_members),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_random_json),
                cmocka_unit_test(test_truncated_json),
                cmocka_unit_test(test_strange_json),
                cmocka_unit_test(test_configs),
                cmocka_unit_test(test_random_configs),
                cmocka_unit_test(test_digests),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
