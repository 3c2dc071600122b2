/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a container: it is written all at once, and what cannot be removed is reported, and stays. */
#include "helper.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

#include "oci/state/state.h"
#include "util/fd.h"

typedef struct Test {
        Log log;
        char *dir;
        State state;
} Test;

static void begin(Test *t) {
        char root[PATH_MAX];

        log_init(&t->log);
        t->dir = temp_make();
        assert_int_equal(state_make(temp_path(root, t->dir, "root"), "box", &t->state, &t->log.report), 0);
}

static void end(Test *t) {
        state_deinit(&t->state);
        temp_remove(t->dir);
        log_deinit(&t->log);
}

static void expect_there(const Test *t, const char *name, int expected) {
        char path[PATH_MAX];

        assert_int_equal(access(temp_path(path, t->dir, name), F_OK), expected);
}

static void test_config(_unused_ void **state) {
        Test t;

        begin(&t);
        assert_int_equal(state_write_config(&t.state, "a longer text", &t.log.report), 0);
        assert_int_equal(state_write_config(&t.state, "text", &t.log.report), 0);
        expect_there(&t, "root/box/config.json.new", -1);
        {
                _cleanup_free_ char *text = NULL;

                assert_int_equal(file_read(t.state.directory, STATE_CONFIG, &text, NULL), 0);
                assert_string_equal(text, "text");
        }
        end(&t);
}

static void test_remove(_unused_ void **state) {
        Test t;

        begin(&t);
        assert_int_equal(state_write_config(&t.state, "text", &t.log.report), 0);
        assert_false(state_is_removed(&t.state));
        assert_int_equal(state_remove(&t.state, &t.log.report), 1);
        expect_there(&t, "root/box", -1);
        assert_true(state_is_removed(&t.state));
        assert_int_equal(state_remove(&t.state, &t.log.report), 0);
        assert_string_equal(log_text(&t.log), "");
        end(&t);
}

/* Without its root, nothing can be removed: another command has not done it. */
static void test_no_root(_unused_ void **state) {
        char path[PATH_MAX];
        Test t;

        begin(&t);
        assert_int_equal(state_write_config(&t.state, "text", &t.log.report), 0);
        temp_file(t.dir, "file", "", 0);
        free(t.state.root);
        t.state.root = strdup(temp_path(path, t.dir, "file"));
        assert_int_equal(state_remove(&t.state, &t.log.report), -ENOTDIR);
        expect_in("no root", log_text(&t.log), "cannot remove the state of box: Not a directory");
        expect_there(&t, "root/box/config.json", 0);
        end(&t);
}

/* Leaves a process in a session that has the number of one that has ended. It ends when the pipe is closed. */
static pid_t end_of_a_session(int *ret_pipe) {
        int pipe[2];
        char c;
        pid_t pid;

        assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                close(pipe[1]);
                _exit(setsid() >= 0 && fork() == 0 ? (int) read(pipe[0], &c, 1) : 0);
        }
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        close(pipe[0]);
        *ret_pipe = pipe[1];
        return pid;
}

static void *wait_for_end(void *argument) {
        int *pipe = argument;
        pid_t tid = gettid();
        char c;

        if (write(pipe[3], &tid, sizeof(tid)) < 0 || read(pipe[0], &c, 1) < 0)
                return argument;
        return NULL;
}

static void expect_stopped(Test *t, pid_t pid) {
        Status status;
        int pidfd;

        t->state.pid = pid;
        assert_int_equal(state_status(&t->state, &status, &pidfd, &t->log.report), 0);
        assert_string_equal(log_text(&t->log), "");
        assert_int_equal(status, STATUS_STOPPED);
        assert_int_equal(pidfd, -1);
}

/* The number of a process that has ended can be in use: as that of a session or of a thread. */
static void test_number_in_use(_unused_ void **state) {
        int session, pipe[4];
        pthread_t thread;
        pid_t tid;
        Test t;

        begin(&t);
        expect_stopped(&t, end_of_a_session(&session));
        close(session);
        assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
        assert_int_equal(pipe2(pipe + 2, O_CLOEXEC), 0);
        assert_int_equal(pthread_create(&thread, NULL, wait_for_end, pipe), 0);
        assert_int_equal(read(pipe[2], &tid, sizeof(tid)), sizeof(tid));
        expect_stopped(&t, tid);
        close(pipe[1]);
        assert_int_equal(pthread_join(thread, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(pipe); i++)
                if (i != 1)
                        close(pipe[i]);
        end(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_config),
                cmocka_unit_test(test_remove),
                cmocka_unit_test(test_no_root),
                cmocka_unit_test(test_number_in_use),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
