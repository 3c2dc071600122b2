/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of messages to systemd: which lines are removed, and that all others stay unchanged. */
#include "helper.h"

#include <errno.h>

#include "sandbox/notify/text.h"

static void test_strip(_unused_ void **state) {
        static const struct {
                const char *text, *left;
                pid_t pid;
        } table[] = {
                { "READY=1", "READY=1", 0 },
                { "READY=1\n", "READY=1\n", 0 },
                { "\n\nREADY=1\n\n", "\n\nREADY=1\n\n", 0 },
                { "\n", "\n", 0 },
                { "MAINPID=5", "", 5 },
                { "MAINPID=5\n", "", 5 },
                { "\nMAINPID=5\n\n", "", 5 },
                { "READY=1\nMAINPID=5\nSTATUS=a b", "READY=1\nSTATUS=a b", 5 },
                { "MAINPID=5\nREADY=1", "READY=1", 5 },
                { "READY=1\nMAINPID=5", "READY=1\n", 5 },
                { "X=1\rMAINPID=5\rY=2", "X=1\rY=2", 5 },
                { "MAINPID=5\nMAINPID=6\nX=", "X=", 6 },
                { "MAINPIDFDID=77\nMAINPIDFD=1\nX=", "X=", 0 },
                { "STATUS=MAINPID=5\n MAINPID=6\nXMAINPID=7", "STATUS=MAINPID=5\n MAINPID=6\nXMAINPID=7", 0 },
                { "MAINPI", "MAINPI", 0 },
                { "MAINPID", "", 0 },
                { "MAINPID=", "", 0 },
                { "MAINPID=0", "", 0 },
                { "MAINPID=-5", "", 0 },
                { "MAINPID=5 ", "", 0 },
                { "MAINPID=2147483647", "", 2147483647 },
                { "MAINPID=2147483648", "", 0 },
                { "MAINPID=00000000000000000000005", "", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                /* exactly as long as the text, so that the sanitizer finds a read past its end */
                size_t size = strlen(table[i].text), left;
                char *text = memcpy(malloc(size), table[i].text, size);
                pid_t pid = -1;

                left = notify_text_strip(text, size, &pid);
                expect_number(table[i].text, left, strlen(table[i].left));
                if (memcmp(text, table[i].left, left) != 0)
                        fail_msg("\"%s\": left \"%.*s\"", table[i].text, (int) left, text);
                expect_result(table[i].text, pid, table[i].pid);
                free(text);
        }
}

static void test_strip_with_nul(_unused_ void **state) {
        char text[] = "MAINPID=5", other[] = "READY=1";
        pid_t pid;

        expect_number("nothing is left", notify_text_strip(text, sizeof(text), &pid), 0);
        expect_result("pid", pid, 5);
        expect_number("the NUL stays", notify_text_strip(other, sizeof(other), &pid), sizeof(other));
}

static void test_whole(_unused_ void **state) {
        expect_number("none", notify_text_is_whole("READY=1", 7), true);
        expect_number("at the end", notify_text_is_whole("READY=1", 8), true);
        expect_number("two at the end", notify_text_is_whole("READY=1\0", 9), false);
        expect_number("in the middle", notify_text_is_whole("A=1\0MAINPID=2", 13), false);
        expect_number("in front", notify_text_is_whole("\0A", 2), false);
}

static void test_denies(_unused_ void **state) {
        static const struct {
                const char *text;
                bool denies;
        } table[] = {
                { "", false },
                { "READY=1", false },
                { "NOTIFYACCESS=all", false },
                { "NOTIFYACCESS=all\nREADY=1", false },
                { "READY=1\nNOTIFYACCESS=main\n", true },
                { "NOTIFYACCESS=all\rNOTIFYACCESS=none", true },
                { "NOTIFYACCESS=none\nNOTIFYACCESS=all", true },
                { "NOTIFYACCESS=al", true },
                { "NOTIFYACCESS=", true },
                { "XNOTIFYACCESS=none", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                expect_number(table[i].text, notify_text_denies(table[i].text, strlen(table[i].text), "NOTIFYACCESS=",
                                                                "NOTIFYACCESS=all"), table[i].denies);
}

static void test_has(_unused_ void **state) {
        expect_number("alone", notify_text_has("READY=1", 7, "READY=1"), true);
        expect_number("the last", notify_text_has("A=\rREADY=1\n", 11, "READY=1"), true);
        expect_number("more", notify_text_has("READY=10", 8, "READY=1"), false);
        expect_number("less", notify_text_has("READY=1", 6, "READY=1"), false);
        expect_number("behind", notify_text_has("STATUS=READY=1", 14, "READY=1"), false);
}

/* Random lines, the same in each run. The result must lack all lines about the main process, and have all others. */
static void test_nonsense(_unused_ void **state) {
        static const char *const pieces[] = { "MAINPID", "MAINPID=", "5", "=", "\n", "\r", "\n", "READY=1", "M", "A\tB", " ",
                                              "\xff", "FDNAME=x", "PID=" };
        uint32_t seed = 4711;

        for (unsigned round = 0; round < 20000; round++) {
                char text[256] = "", before[256];
                size_t size, left;
                pid_t pid;

                for (unsigned i = 0; i < 16; i++) {
                        seed = seed * 1664525 + 1013904223;
                        strcat(text, pieces[(seed >> 16) % ELEMENTSOF(pieces)]);
                }
                strcpy(before, text);
                size = strlen(text);
                left = notify_text_strip(text, size, &pid);
                if (left > size || (left < size && left > 0 && !strstr(before, "MAINPID")))
                        fail_msg("\"%s\" became %zu bytes", before, left);
                text[left] = '\0';
                if (startswith(text, "MAINPID") || strstr(text, "\nMAINPID") || strstr(text, "\rMAINPID"))
                        fail_msg("\"%s\" became \"%s\"", before, text);
                expect_number(before, notify_text_strip(text, left, &pid), left);
        }
}

static void test_address(_unused_ void **state) {
        struct sockaddr_un address;
        char longest[110];
        socklen_t size;

        expect_result("a path", notify_address("/run/x", &address, &size), 0);
        expect_text("a path", address.sun_path, "/run/x");
        expect_number("a path", size, offsetof(struct sockaddr_un, sun_path) + 7);
        expect_result("abstract", notify_address("@x", &address, &size), 0);
        expect_number("abstract", address.sun_path[0] == '\0' && address.sun_path[1] == 'x', true);
        expect_number("abstract", size, offsetof(struct sockaddr_un, sun_path) + 2);
        expect_result("vsock", notify_address("vsock:2:1234", &address, &size), -EINVAL);
        expect_result("nothing", notify_address("", &address, &size), -EINVAL);
        memset(longest, 'x', sizeof(longest));
        longest[0] = '/';
        longest[107] = '\0';
        expect_result("the longest path", notify_address(longest, &address, &size), 0);
        longest[107] = 'x';
        longest[108] = '\0';
        expect_result("one too long", notify_address(longest, &address, &size), -ENAMETOOLONG);
        longest[0] = '@';
        expect_result("the longest name", notify_address(longest, &address, &size), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_strip),   cmocka_unit_test(test_strip_with_nul), cmocka_unit_test(test_whole),
                cmocka_unit_test(test_denies),  cmocka_unit_test(test_nonsense),       cmocka_unit_test(test_address),
                cmocka_unit_test(test_has),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
