/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How isorun --record folds the paths that a payload has used. */
#include "plan-fixture.h"

#include "plan/record/fold.h"
#include "util/text.h"

/* Folding. The root of the run is the host's; the policy also shows two directories of homes, one of them writable. */

static const FoldBase bases[] = {
        { "/", "/", false, false },
        { "/home/ada/work", "/home/ada/work", true, true },
        { "/home/ada", "/home/ada", true, true },
        { "/data", "/srv/data", true, true },
};

static const FoldBase *find_base(const char *path, bool whole_home) {
        if (path_is_at_or_below(path, "/home/ada/work") && !whole_home)
                return &bases[1];
        if (path_is_at_or_below(path, "/home/ada"))
                return &bases[whole_home ? 2 : 0];
        return path_is_at_or_below(path, "/data") ? &bases[3] : &bases[0];
}

/* "rx/usr/bin/python3": uses, and a path; a directory ends in "/". */
static void add_entry(FoldEntry *e, const char *word, bool whole_home) {
        static const char letters[] = "lrwmxcb";
        const char *path = strchr(word, '/');
        const size_t n = strlen(path);
        char *arrow;

        *e = (FoldEntry) { .directory = path[n - 1] == '/', .count = { .times = 1, .program = "sh" } };
        for (const char *c = word; c < path; c++)
                e->uses |= 1u << (strchr(letters, *c) - letters);
        e->path = strndup(path, n - (e->directory && n > 1));
        arrow = strchr(e->path, '>');
        if (arrow) {
                *arrow = '\0';
                e->target = strdup(arrow + 1);
        }
        e->base = find_base(e->path, whole_home);
}

static char *show_places(const FoldPlaces *places) {
        Text text = {};

        for (size_t i = 0; i < places->n; i++) {
                const FoldPlace *p = &places->items[i];

                text_add(&text, i > 0 ? " " : "");
                text_add(&text, p->kind == FOLD_MADE ? "dir" : p->kind == FOLD_LINK ? "link" : p->kind == FOLD_REFUSED ? "no"
                                : p->writable ? "rw" : "ro");
                text_add(&text, p->path);
        }
        return text_finish(&text);
}

static void expect_folded(const char *entries, const char *expected, bool whole_home) {
        char *const homes[] = { (char *) "/home/ada", (char *) "/root", NULL };
        char *const others[] = { (char *) "/home/ada/work", (char *) "/srv/www/secret", NULL };
        const FoldRules rules = { homes, whole_home ? NULL : others };
        _cleanup_free_ char *copy = strdup(entries), *got = NULL;
        FoldEntry items[32] = {};
        FoldPlaces places;
        char *position = NULL;
        size_t n = 0;

        for (char *word = strtok_r(copy, " ", &position); word; word = strtok_r(NULL, " ", &position))
                add_entry(&items[n++], word, whole_home);
        expect_result(entries, fold(items, n, &rules, &places), 0);
        got = show_places(&places);
        expect_text(entries, got, expected);
        fold_places_deinit(&places);
        for (size_t i = 0; i < n; i++) {
                free(items[i].path);
                free(items[i].target);
        }
}

static void test_fold(_unused_ void **state) {
        static const struct {
                const char *entries, *expected;
        } cases[] = {
                { "", "" },
                { "r/etc/passwd", "ro/etc/passwd" },
                /* Never a directory of /, however many files of it. */
                { "r/etc/passwd r/etc/group r/etc/hosts r/etc/a r/etc/b", "ro/etc/a ro/etc/b ro/etc/group ro/etc/hosts ro/etc/passwd" },
                { "r/etc/", "no/etc dir/etc" },
                /* Two files, or four parts. */
                { "r/etc/ssl/a l/etc/ssl/b", "ro/etc/ssl" },
                { "r/etc/ssl/a/f r/etc/ssl/b/f r/etc/ssl/c/f", "ro/etc/ssl/a/f ro/etc/ssl/b/f ro/etc/ssl/c/f" },
                { "r/etc/ssl/a/f r/etc/ssl/b/f r/etc/ssl/c/f r/etc/ssl/d/f", "ro/etc/ssl" },
                { "r/etc/a-b r/etc/a/f r/etc/a/g", "ro/etc/a ro/etc/a-b" },
                { "x/usr/bin/python3 l/usr/", "ro/usr" },
                { "r/usr/local/x", "ro/usr" },
                { "r/lib/x r/lib64/ld", "ro/lib ro/lib64" },
                /* A directory that is only looked at. */
                { "l/srv/", "dir/srv" },
                { "l/srv/ r/srv/www/index.html", "ro/srv/www/index.html" },
                { "r/srv/ftp/ r/srv/ftp/a", "ro/srv/ftp" },
                /* Another mount of the policy is below it. */
                { "r/srv/www/a r/srv/www/b", "ro/srv/www/a ro/srv/www/b" },
                { "l/etc/alternatives/cc>/usr/bin/gcc", "link/etc/alternatives/cc" },
                { "l/etc/alternatives/cc>/usr/bin/gcc l/etc/alternatives/c++>/usr/bin/g++", "ro/etc/alternatives" },
                /* What was made, and what was written. */
                { "w/data/", "rw/data" },
                { "w/data/log", "rw/data/log" },
                { "w/data/new/ r/data/old/a r/data/old/b", "rw/data/new ro/data/old" },
                { "w/data/sub/ r/data/", "ro/data rw/data/sub" },
                { "w/data/ w/data/sub/ r/data/x/y", "rw/data" },
                { "w/home/ada/work/ r/home/ada/work/a", "rw/home/ada/work" },
                { "c/data/socket", "ro/data/socket" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_folded(cases[i].entries, cases[i].expected, false);
}

/* No number of files in a home is a reason to show the home, or its keys. */
/* promise P56 */
static void test_fold_homes(_unused_ void **state) {
        static const struct {
                const char *entries, *expected;
        } cases[] = {
                { "r/home/ada/a r/home/ada/b r/home/ada/c r/home/ada/d",
                  "ro/home/ada/a ro/home/ada/b ro/home/ada/c ro/home/ada/d" },
                { "r/home/ada/.ssh/a r/home/ada/.ssh/b", "ro/home/ada/.ssh/a ro/home/ada/.ssh/b" },
                { "r/home/ada/.ssh/", "no/home/ada/.ssh dir/home/ada/.ssh" },
                { "w/home/ada/.ssh/", "no/home/ada/.ssh dir/home/ada/.ssh" },
                { "r/home/ada/.gnupg/x/a r/home/ada/.gnupg/x/b", "ro/home/ada/.gnupg/x/a ro/home/ada/.gnupg/x/b" },
                { "r/home/ada/.aws/a r/home/ada/.aws/b", "ro/home/ada/.aws/a ro/home/ada/.aws/b" },
                { "r/home/ada/.mozilla/p/a r/home/ada/.mozilla/p/b", "ro/home/ada/.mozilla/p/a ro/home/ada/.mozilla/p/b" },
                { "r/home/ada/.config/google-chrome/a r/home/ada/.config/google-chrome/b",
                  "ro/home/ada/.config/google-chrome/a ro/home/ada/.config/google-chrome/b" },
                { "r/home/ada/.config/a r/home/ada/.config/b", "ro/home/ada/.config/a ro/home/ada/.config/b" },
                { "r/home/ada/.config/app/a r/home/ada/.config/app/b", "ro/home/ada/.config/app" },
                { "w/home/ada/.cache/app/", "rw/home/ada/.cache/app" },
                { "w/home/ada/", "no/home/ada dir/home/ada" },
                { "r/home/ada/", "no/home/ada dir/home/ada" },
                { "r/home/", "no/home dir/home" },
                { "r/mnt/old/.ssh/a r/mnt/old/.ssh/b", "ro/mnt/old/.ssh/a ro/mnt/old/.ssh/b" },
                { "r/home/ada/src/a r/home/ada/src/b", "ro/home/ada/src" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect_folded(cases[i].entries, cases[i].expected, true);
}

/* A file that the policy of the run does not show whole, such as one volume of many, stays alone. */
static void test_fold_bases(_unused_ void **state) {
        static const FoldBase a = { "/srv/x/a", "/srv/x/a", false, true }, b = { "/srv/x/b", "/srv/x/b", false, true };
        FoldEntry items[] = {
                { .path = (char *) "/srv/x/a", .uses = USED_READ, .base = &a },
                { .path = (char *) "/srv/x/b", .uses = USED_READ, .base = &b },
        };
        _cleanup_free_ char *got = NULL;
        FoldPlaces places;

        assert_int_equal(fold(items, ELEMENTSOF(items), &(FoldRules) {}, &places), 0);
        got = show_places(&places);
        expect_text("two volumes", got, "ro/srv/x/a ro/srv/x/b");
        fold_places_deinit(&places);
        items[1].base = &a;
        items[1].path = (char *) "/srv/x/c";
        assert_int_equal(fold(items, ELEMENTSOF(items), &(FoldRules) {}, &places), 0);
        free(got);
        got = show_places(&places);
        expect_text("above the volume", got, "ro/srv/x/a ro/srv/x/c");
        fold_places_deinit(&places);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fold),
                cmocka_unit_test(test_fold_homes),
                cmocka_unit_test(test_fold_bases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
