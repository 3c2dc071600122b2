/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For libisorun.a alone. glibc's functions of these names load libraries, as nsswitch.conf(5) says: a static program
 * cannot do so safely, and its linker warns of them. The functions here read /etc/passwd and /etc/group, and look up no
 * host. They are not visible outside of the archive, so the program's own calls are glibc's. */
#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
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

/* The answer and its address in one piece. */
typedef struct Found {
        struct addrinfo info;
        union {
                struct sockaddr_in ipv4;
                struct sockaddr_in6 ipv6;
        };
} Found;

/* host is an address, and service a number. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret) {
        const in_port_t port = htons((in_port_t) strtoul(service, NULL, 10));
        Found *f = calloc(1, sizeof(*f));

        if (!f)
                return EAI_MEMORY;
        if (inet_pton(AF_INET, host, &f->ipv4.sin_addr) == 1) {
                f->ipv4.sin_family = AF_INET;
                f->ipv4.sin_port = port;
                f->info.ai_addrlen = sizeof(f->ipv4);
        } else if (inet_pton(AF_INET6, host, &f->ipv6.sin6_addr) == 1) {
                f->ipv6.sin6_family = AF_INET6;
                f->ipv6.sin6_port = port;
                f->info.ai_addrlen = sizeof(f->ipv6);
        } else {
                free(f);
                return EAI_NONAME;
        }
        f->info.ai_addr = (struct sockaddr *) &f->ipv4;
        f->info.ai_family = f->ipv4.sin_family;
        f->info.ai_socktype = hints->ai_socktype;
        *ret = &f->info;
        return 0;
}

void freeaddrinfo(struct addrinfo *info) {
        free(info);
}
