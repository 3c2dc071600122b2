/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The places that an instance has without a line of its policy: plan/root/builtin.c makes them. */
#include "plan/permit/base.h"

#include <errno.h>
#include <stdlib.h>

#include "plan/root/builder.h"
#include "plan/root/secrets.h"
#include "util/path.h"
#include "util/strv.h"
#include "util/text.h"

int permit_resolve(const char *path, char **ret) {
        char *real = realpath(path, NULL);

        if (!real && errno == ENOMEM)
                return -ENOMEM;
        *ret = real ?: strdup(path);
        return *ret ? 0 : -ENOMEM;
}

bool permit_is_system(const char *path) {
        static const char *const directories[] = { "/usr",   "/bin",   "/sbin",   "/lib",
                                                   "/lib32", "/lib64", "/libx32", "/etc" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++)
                if (path_is_at_or_below(path, directories[i]))
                        return secrets_contain(path) == 0;
        return false;
}

const char *permit_source(PermitReader *r, const char *source) {
        char *real = NULL;

        if (source[0] == '/' && r->resolve && r->resolve(source, &real) < 0)
                return NULL;
        if (!real)
                real = strdup(source);
        if (real && streq(real, "/"))
                real[0] = '\0';
        return permit_keep(r, real);
}

static Grain *add(PermitReader *r, const char *path, unsigned level, const char *text) {
        Grain *g = permit_add(r, D_Volume, path, level, _DIRECTIVE_MAX, NULL);

        if (g)
                g->text = text;
        return g;
}

static int add_hidden(PermitReader *r, const char *path) {
        return add(r, path, PLACE_HIDDEN, NULL) ? 0 : -ENOMEM;
}

/* A read-only part of the host. */
static int add_host(PermitReader *r, const char *path, const char *text, uint64_t bits) {
        Grain *g = add(r, path, PLACE_HOST, text);

        if (!g)
                return -ENOMEM;
        g->bits = PLACE_EXECUTE | bits;
        return 0;
}

static int add_memory(PermitReader *r, const char *path) {
        Grain *g = add(r, path, PLACE_MEMORY, NULL);

        if (!g)
                return -ENOMEM;
        g->bits = PLACE_MEMORY_BITS;
        g->mode = 07777;
        g->most[0] = TMPFS_SIZE.number;
        g->most[1] = g->most[2] = UINT64_MAX;
        return 0;
}

/* The real path of the root, "" for the host's own, or the layers that it is stacked of. */
static const char *root_text(PermitReader *r) {
        const Value *v = &policy_get(r->policy, D_RootDirectory)->value;

        return v->words[1] || v->number == ROOT_IMAGE ? v->text : permit_source(r, v->words[0]);
}

static int add_homes(PermitReader *r, const char *root) {
        static const char *const directories[] = { "/home", "/root" };
        const unsigned protect = policy_choice(r->policy, D_ProtectHome);
        int q = 0;

        for (size_t i = 0; q >= 0 && i < ELEMENTSOF(directories); i++) {
                const char *text = permit_keep(r, format("%s%s", root, directories[i]));

                if (!text)
                        return -ENOMEM;
                q = protect == PROTECT_HOME_YES || protect == PROTECT_HOME_TMPFS
                            ? add_hidden(r, directories[i])
                            : add_host(r, directories[i], text, 0);
        }
        return q;
}

static int add_root(PermitReader *r, bool *host) {
        static const char *const hidden[] = { "/boot", "/media", "/mnt", "/srv", "/sys" };
        const char *text = root_text(r);
        int q;

        if (policy_get(r->policy, D_RootDirectory)->value.number == ROOT_NONE)
                return add_hidden(r, "/");
        if (!text)
                return -ENOMEM;
        *host = !*text;
        q = add_host(r, "/", text, 0);
        if (q >= 0)
                q = add_homes(r, text);
        for (size_t i = 0; q >= 0 && *host && i < ELEMENTSOF(hidden); i++)
                q = add_hidden(r, hidden[i]);
        return q < 0 || !*host ? q : add_memory(r, "/var");
}

static int add_devices(PermitReader *r) {
        if (!policy_is_true(r->policy, D_PrivateDevices))
                return add_host(r, "/dev", "/dev", PLACE_DEVICES);
        return add(r, "/dev", PLACE_TEXT, "dev") && add(r, "/dev/pts", PLACE_TEXT, "pts") ? add_memory(r, "/dev/shm")
                                                                                          : -ENOMEM;
}

int permit_add_base(PermitReader *r) {
        bool host = false;
        int q;

        q = add_root(r, &host);
        if (q >= 0)
                q = add_host(r, "/proc", "proc", 0);
        if (q >= 0)
                q = add_devices(r);
        if (q >= 0)
                q = add_memory(r, "/run");
        if (q >= 0 && policy_is_true(r->policy, D_PrivateTmp)) {
                q = add_memory(r, "/tmp");
                return q < 0 ? q : add_memory(r, "/var/tmp");
        }
        return q < 0 || !host ? q : add_host(r, "/var/tmp", "/var/tmp", 0);
}
