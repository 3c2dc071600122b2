/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For libisorun.a alone: glibc's functions of these names load libraries, as nsswitch.conf(5) says, which a static program
 * cannot do safely, and its linker warns of them. These read /etc/passwd and /etc/group. The archive keeps them to
 * itself, so the program's own calls are glibc's. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* The entry is valid until the next call, as glibc's is. */
static struct passwd *find_user(const char *name, uid_t uid) {
        FILE *f = fopen("/etc/passwd", "re");
        struct passwd *user = NULL;

        while (f && (user = fgetpwent(f)) && (name ? strcmp(user->pw_name, name) != 0 : user->pw_uid != uid))
                ;
        if (f)
                (void) fclose(f);
        return user;
}

static struct group *find_group(const char *name, gid_t gid) {
        FILE *f = fopen("/etc/group", "re");
        struct group *group = NULL;

        while (f && (group = fgetgrent(f)) && (name ? strcmp(group->gr_name, name) != 0 : group->gr_gid != gid))
                ;
        if (f)
                (void) fclose(f);
        return group;
}

struct passwd *getpwnam(const char *name) {
        return find_user(name, 0);
}

struct passwd *getpwuid(uid_t uid) {
        return find_user(NULL, uid);
}

struct group *getgrnam(const char *name) {
        return find_group(name, 0);
}

struct group *getgrgid(gid_t gid) {
        return find_group(NULL, gid);
}

static int has_member(const struct group *group, const char *user) {
        for (char *const *member = group->gr_mem; *member; member++)
                if (strcmp(*member, user) == 0)
                        return 1;
        return 0;
}

int getgrouplist(const char *user, gid_t first, gid_t *groups, int *n) {
        FILE *f = fopen("/etc/group", "re");
        int room = *n, found = 1;
        struct group *group;

        if (room > 0)
                groups[0] = first;
        while (f && (group = fgetgrent(f))) {
                if (group->gr_gid == first || !has_member(group, user))
                        continue;
                if (found < room)
                        groups[found] = group->gr_gid;
                found++;
        }
        if (f)
                (void) fclose(f);
        *n = found;
        return found <= room ? found : -1;
}
