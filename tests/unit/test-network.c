/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that makes the network namespace, which shares memory with the one that makes the root. */
#include "sandbox/inside/network.h" /* before cmocka.h, which defines fail() */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/raw-call.h"

enum { ERRNO_OF_PARENT = 4711, NO_SUCH_CLONE = 77, ID_NOBODY = 65534 };

/* Makes a namespace that the kernel refuses, and ends with 0 if that left errno alone. */
static _Noreturn void make_without_privilege(void) {
        siginfo_t info;
        Failure f = {};
        Network n;
        int r;

        if (geteuid() == 0 && setresuid(ID_NOBODY, ID_NOBODY, ID_NOBODY) < 0)
                _exit(1);
        errno = ERRNO_OF_PARENT;
        r = network_begin(&n, 16, &f);
        if (r == -EINVAL)
                _exit(NO_SUCH_CLONE);
        if (r < 0 || waitid(P_PID, (id_t) n.maker, &info, WEXITED | WNOWAIT | __WALL) < 0)
                _exit(2);
        if (errno != ERRNO_OF_PARENT)
                _exit(3);
        _exit(network_join(&n, &f) == -EPERM ? 0 : 4);
}

static void test_errno_is_the_parents(void **state) {
        pid_t pid = fork();
        int status;

        (void) state;
        if (pid == 0)
                make_without_privilege();
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == NO_SUCH_CLONE)
                skip(); /* qemu-user makes no process with its parent's memory */
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_raw_call(void **state) {
        (void) state;
        errno = ERRNO_OF_PARENT;
        assert_int_equal(raw_call(SYS_getpid, 0, 0, 0), getpid());
        assert_int_equal(raw_call(SYS_close, -1, 0, 0), -EBADF);
        assert_int_equal(raw_call(SYS_lseek, -1, 0, 0), -EBADF);
        assert_int_equal(errno, ERRNO_OF_PARENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_errno_is_the_parents),
                cmocka_unit_test(test_raw_call),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
