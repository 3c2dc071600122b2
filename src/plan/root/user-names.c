/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the payload's user and group. The host can know names that are in none of its files: those of
 * DynamicUser=, of systemd-homed and of LDAP. The services that know them cannot be reached from inside. So the payload
 * gets copies of passwd(5) and group(5) in memory, with one more line. A file of another root or of the policy stays as
 * it is. */
#include "plan/root/user-names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "plan/root/place.h"
#include "plan/who/private-ids.h"
#include "util/fd.h"
#include "util/strv.h"
#include "util/text.h"

/* Whether a line of the text is about the id, which is its third field in passwd(5) and in group(5). */
static bool has_id(const char *text, uint32_t id) {
        char field[16];
        int n = snprintf(field, sizeof(field), ":%u", id);

        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *p = line + strcspn(line, ":\n");

                p += *p == ':' ? 1 + strcspn(p + 1, ":\n") : 0;
                if (strncmp(p, field, (size_t) n) == 0 && strchr(":\n", p[n]))
                        return true;
        }
        return false;
}

/* Whether a name or a path can be a field of a line. */
static bool is_field(const char *s) {
        return !strpbrk(s, ":\n");
}

/* These write the line for an id as the host knows it. *ret is NULL if it does not know the id. */

static int passwd_line(RootBuilder *rb, char **ret) {
        const HostUser *user = &rb->b->user;
        _cleanup_(host_user_deinit) HostUser found = {};

        if (!policy_get(rb->b->policy, D_User)) {
                if (rb->b->host->find_user_by_uid(rb->b->plan->uid, &found) == -ENOMEM)
                        return -ENOMEM;
                user = &found;
        }
        if (!user->name || !*user->name || !is_field(user->name) || !is_field(user->home) || !is_field(user->shell))
                return 0;
        *ret = format("%s:x:%u:%u::%s:%s\n", user->name, user->uid, user->gid, user->home, user->shell);
        return *ret ? 0 : -ENOMEM;
}

static int group_line(RootBuilder *rb, char **ret) {
        _cleanup_free_ char *name = NULL;

        if (rb->b->host->find_group_name(rb->b->plan->gid, &name) == -ENOMEM)
                return -ENOMEM;
        if (!name || !*name || !is_field(name))
                return 0;
        *ret = format("%s:x:%u:\n", name, rb->b->plan->gid);
        return *ret ? 0 : -ENOMEM;
}

/* The file is the host's, and everybody may read it. */
static bool is_hosts(const Spot *spot) {
        struct stat st;

        return root_builder_can_cover(spot) && streq(spot->path, spot->hosts[0]) && stat(spot->path, &st) >= 0 &&
               S_ISREG(st.st_mode) && st.st_mode & S_IROTH;
}

/* A file that cannot be read is left alone: so can the payload not read it. */
static int name_id(RootBuilder *rb, const char *path, uint32_t id, int (*write_line)(RootBuilder *rb, char **ret)) {
        _cleanup_(spot_deinit) Spot spot = {};
        _cleanup_free_ char *text = NULL, *line = NULL;
        Plan *plan = rb->b->plan;
        size_t size;
        PlanMount m;
        int r;

        r = root_model_walk(&rb->model, path, &spot);
        if (r < 0 || !is_hosts(&spot))
                return r == -ENOMEM ? r : 0;
        r = file_read(AT_FDCWD, spot.hosts[0], &text, &size);
        if (r < 0 || has_id(text, id))
                return r == -ENOMEM ? r : 0;
        r = write_line(rb, &line);
        if (r < 0 || !line)
                return r;
        r = strv_pushf(&plan->texts, "%s%s%s", text, size && text[size - 1] != '\n' ? "\n" : "", line);
        if (r < 0)
                return r;
        m = plan_file(spot.path, plan->texts[strv_length(plan->texts) - 1], 0444);
        m.source = plan_source_file(strdup(spot.hosts[0]));
        return root_builder_cover(rb, &spot, m);
}

/* Every passwd(5) names root. The host has no names for the ids of a range. */
int build_user_names(RootBuilder *rb) {
        const Plan *plan = rb->b->plan;
        int r = 0;

        if (rb->b->request->writable_root || build_has_private_ids(rb->b->policy) ||
            build_has_subordinate_ids(rb->b->policy))
                return 0;
        if (plan->uid != 0)
                r = name_id(rb, "/etc/passwd", plan->uid, passwd_line);
        return r >= 0 && plan->gid != 0 ? name_id(rb, "/etc/group", plan->gid, group_line) : r;
}
