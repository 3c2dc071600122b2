/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/fd.h"
#include "util/journal-entry.h"

/* Listens at this path in place of journald. */
static int listen_at(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        return fd;
}

static void fill(JournalEntry *e, const char *value) {
        assert_int_equal(journal_entry_init(e), 0);
        journal_entry_add(e, "FIRST", "%d", 7);
        journal_entry_add(e, "SECOND", "%s", value);
}

static void test_sent(_unused_ void **state) {
        _cleanup_(journal_entry_deinit) JournalEntry e = {};
        char directory[] = "/tmp/test-journal.XXXXXX", path[64], got[128] = "";
        _cleanup_close_ int fd = -1;

        assert_non_null(mkdtemp(directory));
        snprintf(path, sizeof(path), "%s/socket", directory);
        fill(&e, "a\nFORGED=b\tä\xff\x1b[0m");
        expect_result("nobody listens", journal_entry_send(&e, path), -ENOENT);

        fd = listen_at(path);
        expect_result("sent", journal_entry_send(&e, path), 0);
        assert_true(recv(fd, got, sizeof(got) - 1, 0) > 0);
        expect_text("entry", got, "FIRST=7\nSECOND=a\\x0aFORGED=b\\x09ä\\xff\\x1b[0m\n");

        /* If nobody reads, entries must be dropped. */
        alarm(20);
        for (unsigned i = 0; i < 1000000; i++) {
                int r = journal_entry_send(&e, path);

                if (r == -EAGAIN)
                        break;
                expect_result("as long as there is room", r, 0);
                assert_true(i < 999999);
        }
        alarm(0);
        unlink(path);
        rmdir(directory);
}

static void test_cut(_unused_ void **state) {
        static const struct {
                const char *unit;
                size_t n, expected;
        } table[] = {
                { "x", JOURNAL_VALUE_MAX - 1, JOURNAL_VALUE_MAX - 1 },
                { "x", JOURNAL_VALUE_MAX, JOURNAL_VALUE_MAX },
                { "x", JOURNAL_VALUE_MAX + 1, JOURNAL_VALUE_MAX },
                { "€", JOURNAL_VALUE_MAX, JOURNAL_VALUE_MAX - JOURNAL_VALUE_MAX % 3 },
                { "\n", JOURNAL_VALUE_MAX, JOURNAL_VALUE_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(journal_entry_deinit) JournalEntry e = {};
                _cleanup_free_ char *value = calloc(table[i].n + 1, strlen(table[i].unit));

                for (size_t j = 0; j < table[i].n; j++)
                        strcat(value + j * strlen(table[i].unit), table[i].unit);
                fill(&e, value);
                assert_non_null(text_so_far(&e.text));
                expect_number(table[i].unit, e.text.size, strlen("FIRST=7\nSECOND=\n") + table[i].expected);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sent),
                cmocka_unit_test(test_cut),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
