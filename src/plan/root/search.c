/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the files that a rule hides. It looks into the model of the new root, because a path can lead to another file
 * there than on the host: symlinks and mounts differ.
 *
 * It fails closed. A directory that isorun cannot read may still be open to the payload, which can know names in it, or
 * have other ids than the caller. So such a directory is hidden as a whole. */
#include "plan/root/search.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>

#include "util/array.h"
#include "util/directory.h"
#include "util/map.h"
#include "util/path.h"

typedef struct Search {
        RootBuilder *rb;
        const char *top;        /* without symlinks */
        const PlanMount *cover; /* the mount that top belongs to */
} Search;

/* A rule, and the rest of its pattern from some directory on. */
typedef struct Candidate {
        const HideRule *rule;
        const char *rest;
        unsigned char first; /* the character that a matching name begins with; 0: any */
        unsigned char last;  /* ... and ends with */
        int next;            /* the next candidate with the same first character, or -1 */
} Candidate;

/* Names in a directory, each once. */
typedef struct Names {
        char **items;
        size_t n;
        Map known;
} Names;

static void names_deinit(Names *names) {
        for (size_t i = 0; i < names->n; i++)
                free(names->items[i]);
        free(names->items);
        map_deinit(&names->known);
}

static int add_name(Names *names, const char *name, size_t length) {
        _cleanup_free_ char *copy = strndup(name, length);
        char **slot;

        if (copy && map_get(&names->known, copy))
                return 0;
        slot = copy ? ARRAY_APPEND(names->items, names->n) : NULL;
        if (!slot)
                return -ENOMEM;
        *slot = TAKE_PTR(copy);
        return map_put(&names->known, *slot, *slot);
}

/* Skips slashes and components "." before the next component. */
static const char *skip_empty(const char *pattern) {
        for (;;) {
                pattern += strspn(pattern, "/");
                if (pattern[0] != '.' || (pattern[1] != '/' && pattern[1] != '\0'))
                        return pattern;
                pattern++;
        }
}

static const char *after_component(const char *pattern) {
        return skip_empty(pattern + strcspn(pattern, "/"));
}

static bool is_literal(const char *pattern) {
        return strcspn(pattern, "*?[\\") >= strcspn(pattern, "/");
}

/* Whether a component of a pattern ends with this character, or has a wildcard here. */
static bool is_special(char c) {
        return c == '*' || c == '?' || c == '[' || c == '\\' || c == '/' || c == '\0';
}

static bool is_end(char c) {
        return c == '/' || c == '\0';
}

/* Matches a component like fnmatch(3). Returns 1, 0, or -EOPNOTSUPP if that depends on "[" or "\". */
static int match_wildcards(const char *p, const char *s) {
        const char *star = NULL, *resume = NULL;

        while (!is_end(*s))
                if (*p == '[' || *p == '\\')
                        return -EOPNOTSUPP;
                else if (*p == '*') {
                        star = ++p;
                        resume = s;
                } else if (!is_end(*p) && (*p == '?' || *p == *s)) {
                        p++;
                        s++;
                } else if (star) {
                        p = star;
                        s = ++resume;
                } else
                        return 0;
        while (*p == '*')
                p++;
        return *p == '[' || *p == '\\' ? -EOPNOTSUPP : is_end(*p);
}

int component_match(const char *pattern, const char *path) {
        _cleanup_free_ char *component = NULL, *name = NULL;
        int r = match_wildcards(pattern, path);

        if (r != -EOPNOTSUPP)
                return r;
        component = strndup(pattern, strcspn(pattern, "/"));
        name = strndup(path, strcspn(path, "/"));
        return component && name ? fnmatch(component, name, 0) != FNM_NOMATCH : -ENOMEM;
}

/* The character that a name ends with if it matches the component, or 0 if that is not certain. */
static unsigned char last_character(const char *pattern) {
        const size_t n = strcspn(pattern, "/");

        return n == 0 || memchr(pattern, '\\', n) || pattern[n - 1] == '*' || pattern[n - 1] == '?' ||
                       pattern[n - 1] == ']' ? 0 : (unsigned char) pattern[n - 1];
}

/* Each start compares a hundred rules with hundreds of names, and most of them differ in the first or last character.
 * *chains has the first candidate for each first character. */
static void chain(Candidate *candidates, size_t n, int chains[static UCHAR_MAX + 1]) {
        for (int i = 0; i <= UCHAR_MAX; i++)
                chains[i] = -1;
        for (size_t i = n; i-- > 0;) {
                Candidate *c = &candidates[i];

                c->first = is_special(c->rest[0]) ? 0 : (unsigned char) c->rest[0];
                c->last = last_character(c->rest);
                c->next = chains[c->first];
                chains[c->first] = (int) i;
        }
}

/* Whether any candidate of a chain matches: 1, 0 or -ENOMEM. */
static int match_chain(const Candidate *candidates, int first, const char *name, unsigned char last) {
        int r = 0;

        for (int i = first; r == 0 && i >= 0; i = candidates[i].next)
                if (!candidates[i].last || candidates[i].last == last)
                        r = component_match(candidates[i].rest, name);
        return r;
}

static int want_hidden(const Search *s, const HideRule *rule, const char *path) {
        PlanMount m = plan_blocked(path);

        m.asker = rule->asker;
        m.origin = rule->origin;
        m.key = rule->key;
        return root_builder_want_if_there(s->rb, m);
}

/* Hides a directory that isorun cannot look into. */
static int hide_whole(const Search *s, const HideRule *rule, const char *directory, const char *why) {
        if (streq(directory, s->top))
                return report_error_at(s->rb->b->report, rule->origin, rule->key, EACCES, "cannot search %s for %s: %s",
                                       directory, rule->pattern, why);
        if (rule->asker == ASKED_BY_POLICY)
                report_notice_at(s->rb->b->report, rule->origin, rule->key,
                                 "%s is hidden as a whole, because isorun cannot search it for %s: %s", directory,
                                 rule->pattern, why);
        return want_hidden(s, rule, directory);
}

typedef struct Listing {
        Looks *looks;
        const char *directory; /* of the host */
        const Candidate *candidates;
        const int *chains;
        Names *names;
        bool matched;
} Listing;

/* Keeps the type of a name that matches, to save a look at it. But the look at the first one shows whether the
 * directory can be searched, and not only read. */
static int list_name(void *userdata, const char *name, unsigned char type) {
        Listing *l = userdata;
        const unsigned char first = (unsigned char) name[0], last = (unsigned char) name[strlen(name) - 1];
        int r = match_chain(l->candidates, l->chains[first], name, last);

        if (r == 0)
                r = match_chain(l->candidates, l->chains[0], name, last);
        if (r <= 0)
                return r;
        r = l->matched ? looks_note(l->looks, l->directory, name, type) : 0;
        l->matched = true;
        return r < 0 ? r : add_name(l->names, name, strlen(name));
}

/* The names that the candidates match. If none of them has wildcards, they are not looked up. */
static int list_names(Looks *looks, const Spot *spot, const Candidate *candidates, size_t n, const int *chains,
                      Names *names) {
        bool literal = true;
        int r = 0;

        for (size_t i = 0; i < n; i++)
                literal = literal && is_literal(candidates[i].rest);
        for (char **host = spot->hosts; !literal && r >= 0 && *host; host++)
                r = directory_visit(*host, list_name, &(Listing) { looks, *host, candidates, chains, names, false });
        for (size_t i = 0; literal && r >= 0 && i < n; i++)
                r = add_name(names, candidates[i].rest, strcspn(candidates[i].rest, "/"));
        return r;
}

static int search(const Search *s, const Spot *spot, Candidate *candidates, size_t n);

/* Hides the file at path for each of the candidates that ends here, or searches it for the others. Returns 0, or
 * -errno: -ENOMEM or an error of root_model_walk(), not reported, or the result of a search. */
static int visit(const Search *s, const char *path, Candidate *candidates, size_t n, int *ret) {
        _cleanup_(spot_deinit) Spot spot = {};
        int r;

        *ret = 0;
        r = root_model_walk(&s->rb->model, path, &spot);
        if (r < 0 || !spot.exists)
                return r == -ELOOP ? 0 : r; /* neither can the payload follow these symlinks */
        for (size_t i = 0; i < n; i++) {
                candidates[i].rest = after_component(candidates[i].rest);
                if (!*candidates[i].rest) {
                        /* What is built in hides nothing that isorun has put there itself. */
                        if (spot.hosts || spot.left_out || candidates[i].rule->asker == ASKED_BY_POLICY)
                                *ret = want_hidden(s, candidates[i].rule, path);
                        return 0;
                }
        }
        if (spot.directory)
                *ret = search(s, &spot, candidates, n);
        return 0;
}

/* Visits a name in a directory. Returns 1 if the directory itself is hidden now. */
static int visit_name(const Search *s, const char *directory, const char *name, const Candidate *candidates, size_t n) {
        _cleanup_free_ Candidate *matching = calloc(n, sizeof(Candidate));
        _cleanup_free_ char *path = path_join(directory, name);
        size_t k = 0;
        int r = matching && path ? 0 : -ENOMEM, result;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                const Candidate *c = &candidates[i];

                r = !c->first || c->first == (unsigned char) name[0] ? component_match(c->rest, name) : 0;
                if (r > 0)
                        matching[k++] = *c;
        }
        if (r < 0 || k == 0)
                return r;
        r = visit(s, path, matching, k, &result);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                r = hide_whole(s, matching[0].rule, directory, strerror(-r));
                return r < 0 ? r : 1;
        }
        return result;
}

/* What the policy and the service show is searched on its own, because it shows other files of the host. */
static bool is_other_volume(const Search *s, const Spot *spot, const HideRule *rule) {
        return rule->asker < ASKED_BY_POLICY && spot->cover != s->cover && is_policy_volume(spot->cover);
}

static int search(const Search *s, const Spot *spot, Candidate *candidates, size_t n) {
        _cleanup_(names_deinit) Names names = {};
        int r, chains[UCHAR_MAX + 1];

        if (is_other_volume(s, spot, candidates[0].rule))
                return 0;
        if (spot->left_out)
                return hide_whole(s, candidates[0].rule, spot->path,
                                  "it is a mount that the volume leaves out, so isorun cannot see what it covers");
        if (!spot->hosts)
                return 0; /* it is in memory, or in an image that is not read */
        chain(candidates, n, chains);
        r = list_names(&s->rb->model.looks, spot, candidates, n, chains, &names);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return hide_whole(s, candidates[0].rule, spot->path, strerror(-r));
        for (size_t i = 0; r == 0 && i < names.n; i++)
                r = visit_name(s, spot->path, names.items[i], candidates, n);
        return r < 0 ? r : 0;
}

int root_builder_hide(RootBuilder *rb, const char *top, const HideRule *rules, size_t n) {
        _cleanup_free_ Candidate *candidates = calloc(n, sizeof(Candidate));
        _cleanup_(spot_deinit) Spot spot = {};
        Search s = { .rb = rb };
        int r;

        if (!candidates)
                return -ENOMEM;
        r = root_model_walk(&rb->model, top, &spot);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return report_error_at(rb->b->report, rules->origin, rules->key, -r, "%s: %s", top, strerror(-r));
        if (!spot.exists || !spot.directory)
                return 0;
        for (size_t i = 0; i < n; i++)
                candidates[i] = (Candidate) { .rule = &rules[i], .rest = skip_empty(rules[i].pattern) };
        s.top = spot.path;
        s.cover = spot.cover;
        return search(&s, &spot, candidates, n);
}
