/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever a unit contains, isoctl import makes a policy of it that can be read, or refuses it. */
#include "helper.h"

#include <errno.h>

#include "convert/import.h"

static void make_unit(uint32_t *seed, FILE *f) {
        static const char *const keys[] = { "ExecStart", "BindPaths", "ReadWritePaths", "TemporaryFileSystem", "SystemCallFilter",
                                            "NoExecPaths", "ReadOnlyPaths", "StateDirectory", "Environment", "User", "RestrictNamespaces",
                                            "InaccessiblePaths", "CapabilityBoundingSet", "SetCredential", "Nonsense" };
        static const char *const pieces[] = { "/", "/srv", "/var/run", ":", "\\:", "-", "+", "@", "!", ",", "ro", "size=50%", "%i", "%I",
                                              "%", "%%", "%S", "$", "$$", ";", "~", "'", "\"", " ", "\\", "\\x41", "\\", "=", "none",
                                              "yes", "@known", "CAP_KILL", "\n ", "#" };
        unsigned n = next_random(seed) % 10;

        fprintf(f, "%s=", keys[next_random(seed) % ELEMENTSOF(keys)]);
        for (unsigned i = 0; i < n; i++)
                if (next_random(seed) % 9)
                        fputs(pieces[next_random(seed) % ELEMENTSOF(pieces)], f);
                else
                        fputc((int) (1 + next_random(seed) % 255), f);
        fputc('\n', f);
}

/* Whatever a unit contains, its policy must read back as the same items, or be refused with the line's place. */
static void check_printed(const Import *import) {
        Policy *policy = test_policy();
        _cleanup_free_ char *out = NULL;
        Log log;
        int r;

        log_init(&log);
        out = import_compose(import);
        assert_non_null(out);
        r = test_read(policy, &log, out);
        if (r != 0 && r != -EBADMSG)
                fail_msg("returned %d for:\n%s", r, out);
        expect_number(out, log.report.n_errors > 0, r < 0);
        expect_not_in("no line is torn apart", log_text(&log), "neither a [Section]");
        policy_free(policy);
        log_deinit(&log);
}

/* promise P33 */
static void test_fuzz(_unused_ void **state) {
        static const char *const names[] = { "a.service", "a@b-c.service", "a@.service", "@", "a@", ".service" };
        enum { ROUNDS = 8000 };
        uint32_t seed = 4711;
        size_t good = 0;

        for (unsigned i = 0; i < ROUNDS; i++) {
                Import import = { .unit = names[i % ELEMENTSOF(names)], .user = i & 1 };
                Buffer text;
                Log log;
                int r;

                log_init(&log);
                buffer_init(&text);
                fputs("[Service]\n", text.f);
                for (unsigned k = 0; k < 4; k++)
                        make_unit(&seed, text.f);
                buffer_text(&text);
                r = import_read(&import, "unit", text.text, text.size, &log.report);
                if (r >= 0) {
                        good++;
                        assert_int_equal(import_convert(&import), 0);
                        import_sort(&import);
                        check_printed(&import);
                } else
                        expect_result(text.text, r, -EBADMSG);
                import_deinit(&import);
                buffer_deinit(&text);
                log_deinit(&log);
        }
        assert_true(good > ROUNDS / 4 && good < ROUNDS);
}

static void check_large(bool words) {
        Import import = { .unit = "a.service" };
        Buffer text;
        Log log;

        log_init(&log);
        buffer_init(&text);
        fputs("[Service]\n", text.f);
        for (unsigned i = 0; i < 2001 && !words; i++)
                fprintf(text.f, "Environment=V%u=1\n", i);
        if (words) {
                fputs("Environment=", text.f);
                for (unsigned i = 0; i < 10001; i++)
                        fputs(" V=1", text.f);
        }
        buffer_text(&text);
        assert_int_equal(import_read(&import, "unit", text.text, text.size, &log.report), -E2BIG);
        expect_text("message", log_text(&log), "error: unit: the unit has more than 2000 lines or 10000 words in [Service]\n");
        import_deinit(&import);
        buffer_deinit(&text);
        log_deinit(&log);
}

static void test_large(_unused_ void **state) {
        check_large(false);
        check_large(true);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_large),
                cmocka_unit_test(test_fuzz),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
