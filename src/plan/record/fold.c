/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/record/fold.h"

#include <errno.h>

#include "plan/plan.h"
#include "util/array.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

enum {
        FILES_MANY = 2,
        PARTS_MANY = 4,
};

/* In a home. None of their files is a reason to show others of them. */
static const char *const home_secrets[] = {
        ".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".mozilla", ".thunderbird", ".pki", ".password-store",
        ".config/gcloud", ".config/gh", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware",
        ".local/share/keyrings",
};

/* A path in the tree of all paths. */
typedef struct Node {
        char *path;
        struct Node **children;
        size_t n_children;
        FoldEntry *entry; /* NULL: only something below it was used */
        const FoldBase *base; /* of all below it; NULL: they have different ones */
        RecordCount count; /* of all below it */
        unsigned uses;     /* the same */
        bool shown, writable; /* whole */
        bool refused;
        size_t n_shown;    /* below it, with itself */
} Node;

static Node *node_free(Node *node) {
        if (!node)
                return NULL;
        for (size_t i = 0; i < node->n_children; i++)
                node_free(node->children[i]);
        free(node->children);
        free(node->path);
        free(node);
        return NULL;
}
DEFINE_CLEANUP(Node *, node_free);

static Node *node_new(char *path) {
        Node *node = path ? calloc(1, sizeof(*node)) : NULL;

        if (!node) {
                free(path);
                return NULL;
        }
        node->path = path;
        return node;
}

static Node *add_child(Node *parent, char *path) {
        Node *child = node_new(path), **slot = child ? ARRAY_APPEND(parent->children, parent->n_children) : NULL;

        if (!slot)
                return node_free(child);
        return *slot = child;
}

/* The node of a path, which sorts after all before it: so on each level, it is the last child or a new one. */
static Node *find_node(Node *root, const char *path) {
        Node *node = root;

        for (size_t n = 1; node && path[n];) {
                Node *last = node->n_children > 0 ? node->children[node->n_children - 1] : NULL;
                const size_t end = n + strcspn(path + n, "/");
                _cleanup_free_ char *part = strndup(path, end);

                if (!part)
                        return NULL;
                node = last && streq(last->path, part) ? last : add_child(node, TAKE_PTR(part));
                n = end + (path[end] == '/');
        }
        return node;
}

/* An entry of the same path counts, too. */
static int add_entry(Node *root, FoldEntry *e) {
        Node *node = find_node(root, e->path);

        if (!node)
                return -ENOMEM;
        if (!node->entry) {
                node->entry = e;
                return 0;
        }
        node->entry->uses |= e->uses;
        node->entry->directory = node->entry->directory || e->directory;
        record_count_add(&node->entry->count, &e->count);
        return 0;
}

/* Programs and libraries. */
static bool is_of_system(const char *path) {
        static const char *const directories[] = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (streq(directories[i], path))
                        return true;
        return false;
}

/* Whether path is the directory of a home that begins with a dot. */
static bool is_hidden(const char *home, const char *path) {
        const char *rest = path_is_below(path, home) ? path + strlen(home) + !streq(home, "/") : NULL;

        return rest && rest[0] == '.' && !strchr(rest, '/');
}

/* Whether path is or may be in a home's place for secrets. A volume may show a home that this user does not have. */
static bool is_secret(const char *path) {
        for (const char *part = strchr(path, '/'); part; part = strchr(part + 1, '/'))
                for (size_t i = 0; i < ELEMENTSOF(home_secrets); i++)
                        if (path_is_at_or_below(part + 1, home_secrets[i]))
                                return true;
        return false;
}

bool fold_may_show(const FoldRules *rules, const FoldBase *base, const char *path) {
        const bool named = base && base->named && streq(base->destination, path);

        if (streq(path, "/") || (!strchr(path + 1, '/') && !named && !is_of_system(path)))
                return false;
        for (char *const *home = rules->homes; home && *home; home++)
                if (path_is_at_or_below(*home, path) || is_hidden(*home, path))
                        return false;
        return !is_secret(path);
}

/* Whether this directory can become one place of its base. */
static bool may_show(const FoldRules *rules, const Node *node) {
        if (!node->base || !path_is_at_or_below(node->path, node->base->destination) ||
            !fold_may_show(rules, node->base, node->path))
                return false;
        if (streq(node->path, node->base->destination))
                return true; /* as the policy has it, with these mounts */
        for (char *const *other = rules->others; other && *other; other++)
                if (path_is_below(*other, node->path))
                        return false;
        return true;
}

/* The parts of a directory that a payload reads. What it writes has lines of its own anyway. */
static bool has_many_parts(const Node *node) {
        size_t files = 0, parts = 0;

        for (size_t i = 0; i < node->n_children; i++) {
                const Node *child = node->children[i];
                const bool file = child->entry && !child->entry->directory;

                if (child->writable)
                        continue;
                files += file;
                parts += child->n_shown > 0;
        }
        return files >= FILES_MANY || parts >= PARTS_MANY;
}

static void decide_directory(Node *node, const FoldRules *rules) {
        const unsigned uses = node->entry ? node->entry->uses : 0;
        const bool may = may_show(rules, node);
        const bool wanted = uses & (USED_READ | USED_WRITE), system = is_of_system(node->path) && node->n_shown > 0;

        node->writable = may && uses & USED_WRITE;
        node->shown = may && (wanted || system || has_many_parts(node));
        node->refused = !may && (uses & USED_WRITE || (uses & USED_READ && !streq(node->path, "/")));
}

/* Decides about what is below first. */
static void decide(Node *node, const FoldRules *rules) {
        const FoldEntry *e = node->entry;

        if (e) {
                node->base = e->base;
                node->count = e->count;
                node->uses = e->uses;
        }
        for (size_t i = 0; i < node->n_children; i++) {
                Node *child = node->children[i];

                decide(child, rules);
                node->n_shown += child->n_shown;
                record_count_add(&node->count, &child->count);
                node->uses |= child->uses;
                node->base = i == 0 && !e ? child->base : node->base == child->base ? node->base : NULL;
        }
        if (e && !e->directory) {
                node->shown = true;
                node->writable = e->uses & USED_WRITE;
        } else
                decide_directory(node, rules);
        node->n_shown += node->shown;
}

static int emit(FoldPlaces *places, const Node *node, FoldKind kind) {
        FoldPlace *p = ARRAY_APPEND(places->items, places->n);
        const FoldEntry *e = node->entry;
        const bool leaf = e && !node->shown;

        if (!p)
                return -ENOMEM;
        *p = (FoldPlace) { .path = strdup(node->path), .kind = kind, .writable = node->writable,
                           .base = kind == FOLD_REFUSED && e ? e->base : node->base,
                           .uses = leaf ? e->uses : node->uses, .count = leaf ? e->count : node->count,
                           .directory = !e || e->directory,
                           .target = kind == FOLD_LINK ? strdup(e->target) : NULL };
        return p->path && (kind != FOLD_LINK || p->target) ? 0 : -ENOMEM;
}

/* shown, writable: by a place above. */
static int emit_all(FoldPlaces *places, const Node *node, bool shown, bool writable) {
        const FoldEntry *e = node->entry;
        int r = 0;

        if (node->refused && !writable && (!shown || e->uses & USED_WRITE))
                r = emit(places, node, FOLD_REFUSED);
        if (r >= 0 && node->shown && (!shown || (node->writable && !writable)))
                r = emit(places, node, e && e->target ? FOLD_LINK : FOLD_SHOWN);
        else if (r >= 0 && e && e->directory && !node->shown && !shown && node->n_shown == 0 && !streq(node->path, "/"))
                r = emit(places, node, FOLD_MADE);
        shown = shown || node->shown;
        writable = writable || (node->writable && node->shown);
        for (size_t i = 0; r >= 0 && i < node->n_children; i++)
                r = emit_all(places, node->children[i], shown, writable);
        return r;
}

static int compare_entries(const void *a, const void *b) {
        return destination_compare(((const FoldEntry *) a)->path, ((const FoldEntry *) b)->path);
}

int fold(FoldEntry *entries, size_t n, const FoldRules *rules, FoldPlaces *ret) {
        _cleanup_(node_freep) Node *root = node_new(strdup("/"));
        FoldPlaces places = {};
        int r = root ? 0 : -ENOMEM;

        if (n > 1)
                qsort(entries, n, sizeof(*entries), compare_entries);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = add_entry(root, &entries[i]);
        if (r >= 0) {
                decide(root, rules);
                r = emit_all(&places, root, false, false);
        }
        if (r < 0)
                fold_places_deinit(&places);
        else
                *ret = places;
        return r;
}

void fold_places_deinit(FoldPlaces *places) {
        for (size_t i = 0; i < places->n; i++) {
                free(places->items[i].path);
                free(places->items[i].target);
        }
        free(places->items);
        *places = (FoldPlaces) {};
}
