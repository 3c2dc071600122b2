/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of a container: it is written all at once, and what cannot be removed is reported, and stays. */
#include "helper.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_config),
                cmocka_unit_test(test_remove),
                cmocka_unit_test(test_no_root),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
