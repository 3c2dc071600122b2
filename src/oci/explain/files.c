/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci/explain/files.h"

#include <errno.h>
#include <stdlib.h>

#include "oci/explain/root.h"
#include "plan/why/answer.h"
#include "plan/why/file.h"
#include "util/path.h"
#include "util/strv.h"

static bool changes(WhyAction action) {
        return action == WHY_WRITE || action == WHY_CREATE || action == WHY_REMOVE || action == WHY_RENAME;
}

/* What is asked, and where: with the symlinks of the container. */
typedef struct Asked {
        const BundleRoot *root;
        const WhyQuestion *question;
        const char *path, *real;
} Asked;

/* isorun-oci skips a place that does not exist. */
static bool is_at(const Asked *asked, const char *place) {
        bool missing;
        _cleanup_free_ char *real = bundle_root_resolve(asked->root, place, &missing);

        if (!real || missing)
                return !real && path_is_at_or_below(asked->path, place);
        return path_is_at_or_below(asked->path, place) || path_is_at_or_below(asked->path, real) ||
               path_is_at_or_below(asked->real, real);
}

/* A hidden path is an empty one: /dev/null, or an empty directory. Returns 1 or -ENOMEM, as the next two do. */
static int ask_masked(WhyAnswer *a, const WhyQuestion *q, const char *path, const char *masked, Origin origin) {
        int r;

        answer_origin(a, origin);
        if (streq(path, masked) && (q->action == WHY_READ || q->action == WHY_WRITE))
                r = answer_allowed(a, "%s is hidden: it is empty, and what is written is lost", path);
        else
                r = answer_denied(a, q->action == WHY_CREATE ? EROFS : ENOENT, BY_HIDING, "%s is hidden", masked);
        return r < 0 ? r : 1;
}

static int ask_read_only(WhyAnswer *a, const char *place, Origin origin) {
        answer_origin(a, origin);
        return answer_denied(a, EROFS, BY_MOUNT, "%s is read-only", place) < 0 ? -ENOMEM : 1;
}

static int ask_no_exec(WhyAnswer *a, const char *place, Origin origin) {
        answer_origin(a, origin);
        return answer_denied(a, EACCES, BY_MOUNT, "%s is noexec", place) < 0 ? -ENOMEM : 1;
}

/* Returns 1 if the policy of the annotation decides, 0 or -ENOMEM. */
static int ask_policy(Bundle *b, const Asked *asked, WhyAnswer *a) {
        const SpecPolicy *policy = b->spec->policy;
        const WhyQuestion *q = asked->question;

        for (char **p = policy->masked; p && *p; p++)
                if (is_at(asked, *p))
                        return ask_masked(a, q, asked->path, *p, bundle_path_origin(b, D_InaccessiblePaths, *p));
        for (char **p = policy->read_only; changes(q->action) && p && *p; p++)
                if (is_at(asked, *p))
                        return ask_read_only(a, *p, bundle_path_origin(b, D_ReadOnlyPaths, *p));
        for (char **p = policy->no_exec; q->action == WHY_EXECUTE && p && *p; p++)
                if (is_at(asked, *p))
                        return ask_no_exec(a, *p, bundle_path_origin(b, D_NoExecPaths, *p));
        return 0;
}

/* Returns 1 if a masked or read-only path decides, 0 or -ENOMEM. */
static int ask_protected(Bundle *b, const Asked *asked, WhyAnswer *a) {
        const Spec *spec = b->spec;
        const WhyQuestion *q = asked->question;
        int r = spec->policy ? ask_policy(b, asked, a) : 0;

        if (r != 0)
                return r;
        for (size_t i = 0; spec->masked && spec->masked[i]; i++)
                if (is_at(asked, spec->masked[i]))
                        return ask_masked(a, q, asked->path, spec->masked[i],
                                          bundle_origin(b, "/linux/maskedPaths/%zu", i));
        for (size_t i = 0; changes(q->action) && spec->read_only && spec->read_only[i]; i++)
                if (is_at(asked, spec->read_only[i]))
                        return ask_read_only(a, spec->read_only[i], bundle_origin(b, "/linux/readonlyPaths/%zu", i));
        return 0;
}

int bundle_why_file(Bundle *b, const WhyQuestion *q, WhyAnswer *a) {
        _cleanup_(bundle_root_deinit) BundleRoot root = {};
        _cleanup_free_ char *path = path_simplify(q->object);
        _cleanup_free_ char *real = NULL;
        int r = path ? bundle_root_make(b, &root) : -ENOMEM;

        if (r >= 0) {
                real = bundle_root_resolve(&root, path, NULL);
                r = real ? ask_protected(b, &(Asked) { &root, q, path, real }, a) : -ENOMEM;
        }
        if (r == 0 && b->users_unknown)
                return answer_depends(a, "the id maps of %s decide, and isoctl does not know them",
                                      b->spec->joined[SPEC_USER]);
        if (r == 0) {
                r = why_file(&root.plan, q, a);
                free(TAKE_PTR(a->allow)); /* it would be a line of a policy */
                a->opens = NULL;
        }
        return r < 0 ? r : 0;
}
