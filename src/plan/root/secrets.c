/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Places on a machine that hold secrets. No instance can read them, whatever its policy and whoever starts it, unless a
 * volume of the policy shows exactly this place or something below it: BindReadOnlyPaths=/etc/ssl/private/site.key.
 *
 * A place belongs here if its purpose is to hold a secret, and if a program that needs it has no business in a sandbox,
 * or has a policy that names it. Configuration that may contain a password among other things stays visible: its mode
 * protects it. Only root reads most of these places; they are hidden for everybody, because the ids, groups and ACLs
 * that the payload has are not known for certain here.
 *
 * Each place that exists is a mount, so directories are better than patterns. */
#include "plan/root/secrets.h"

#include <errno.h>

#include "plan/root/search.h"
#include "plan/who/private-ids.h"
#include "util/path.h"

typedef struct Secret {
        const char *pattern; /* glob(7), without the first slash */
        const char *what;    /* the origin of the mount in explain */
} Secret;

#define SECRET(pattern, what) { pattern, "a secret: " what }
static const Secret secrets[] = {
        SECRET("etc/shadow*", "hashes of passwords, and their backups"),
        SECRET("etc/gshadow*", "hashes of passwords, and their backups"),
        SECRET("etc/security/opasswd", "hashes of old passwords"),
        SECRET("etc/sudoers*", "rules of sudo, which show an attacker the way"),
        SECRET("etc/.git", "the history of /etc"),
        SECRET("etc/.hg", "the history of /etc"),
        SECRET("etc/.bzr", "the history of /etc"),

        SECRET("etc/ssh/ssh_host_*_key", "host keys of sshd"),
        SECRET("etc/dropbear", "host keys of dropbear"),
        SECRET("etc/ssl/private", "private keys of TLS"),
        SECRET("etc/pki/*/private", "private keys of TLS"),
        SECRET("etc/letsencrypt", "private keys of TLS"),
        SECRET("etc/cups/ssl", "private keys of TLS"),
        SECRET("etc/pki/entitlement*", "the key of a subscription"),
        SECRET("etc/pki/consumer", "the key of a subscription"),

        SECRET("etc/wireguard", "keys of a VPN"),
        SECRET("etc/openvpn", "keys of a VPN"),
        SECRET("etc/ipsec.secrets", "keys of a VPN"),
        SECRET("etc/ipsec.d/private", "keys of a VPN"),
        SECRET("etc/swanctl", "keys of a VPN"),
        SECRET("etc/tinc", "keys of a VPN"),
        SECRET("etc/ppp/*-secrets", "passwords of networks"),
        SECRET("etc/NetworkManager/system-connections", "passwords of networks"),
        SECRET("etc/netplan", "passwords of networks"),
        SECRET("etc/wpa_supplicant", "passwords of networks"),
        SECRET("etc/hostapd", "passwords of networks"),
        SECRET("etc/systemd/network/*.netdev", "keys of WireGuard in .netdev files"),

        SECRET("etc/credstore*", "credentials of services"),
        SECRET("etc/cryptsetup-keys.d", "keys of disks"),
        SECRET("etc/luks*", "keys of disks"),
        SECRET("etc/iscsi", "passwords of disks in the network"),
        SECRET("etc/*keytab", "keys of Kerberos"),
        SECRET("etc/krb5kdc", "keys of Kerberos"),
        SECRET("etc/*.secret", "the password of a directory service"),
        SECRET("etc/*credentials*", "passwords of file systems"),
        SECRET("etc/davfs2/secrets", "passwords of file systems"),
        SECRET("etc/munge", "the key of a cluster"),
        SECRET("etc/ceph", "keys of a cluster"),
        SECRET("etc/corosync/authkey", "the key of a cluster"),
        SECRET("etc/pacemaker/authkey", "the key of a cluster"),
        SECRET("etc/kubernetes", "keys of a cluster"),
        SECRET("etc/rancher", "keys of a cluster"),
        SECRET("etc/vault*", "keys of a store of secrets"),
        SECRET("etc/cloud", "passwords in cloud-init's data"),
        SECRET("etc/salt/pki", "keys of a manager of machines"),
        SECRET("etc/puppetlabs/puppet/ssl", "keys of a manager of machines"),
        SECRET("etc/puppet/ssl", "keys of a manager of machines"),
        SECRET("etc/chef", "keys of a manager of machines"),
        SECRET("etc/apt/auth.conf", "passwords of package archives"),
        SECRET("etc/apt/auth.conf.d", "passwords of package archives"),
        SECRET("etc/containers/auth.json", "passwords of registries"),
        SECRET("etc/docker/key.json", "the key of dockerd"),
        SECRET("etc/mysql/debian.cnf", "the password of a database"),
        SECRET("etc/pgbouncer/userlist.txt", "passwords of databases"),
        SECRET("etc/postfix/sasl*", "passwords of mail servers"),
        SECRET("etc/exim4/passwd*", "passwords of mail servers"),
        SECRET("etc/dovecot/private", "keys of a mail server"),
        SECRET("etc/dkimkeys", "keys of a mail server"),
        SECRET("etc/opendkim", "keys of a mail server"),
        SECRET("etc/sasldb2", "passwords of mail servers"),
        SECRET("etc/msmtprc", "passwords of mail servers"),
        SECRET("etc/bind/*.key", "keys of a name server"),
        SECRET("etc/rndc.key", "keys of a name server"),
        SECRET("etc/unbound/*.key", "keys of a name server"),
        SECRET("etc/chrony*/chrony.keys", "keys of time servers"),
        SECRET("etc/chrony.keys", "keys of time servers"),
        SECRET("etc/ntp*/ntp.keys", "keys of time servers"),
        SECRET("etc/ntp.keys", "keys of time servers"),
        SECRET("etc/snmp", "passwords of snmpd"),

        /* With the host's root, /run and /var are hidden anyway (but see system-data.h). These are for other roots, and
         * for volumes. */
        SECRET("core", "memory of a program that crashed"),
        SECRET("swapfile", "memory of programs"),
        SECRET("swap.img", "memory of programs"),
        SECRET("run/credentials", "credentials of services"),
        SECRET("run/keys", "credentials of services"),
        SECRET("run/secrets", "credentials of services"),
        SECRET("var/backups", "backups of hashes of passwords"),
        SECRET("var/cache/debconf/passwords.dat", "passwords that an installation asked for"),
        SECRET("var/cache/private", "data of services with DynamicUser="),
        SECRET("var/crash", "memory of programs that crashed"),
        SECRET("var/lib/apport/coredump", "memory of programs that crashed"),
        SECRET("var/lib/systemd/coredump", "memory of programs that crashed"),
        SECRET("var/lib/systemd/credential.secret", "the key of the credentials of services"),
        SECRET("var/lib/systemd/random-seed", "the seed of random numbers"),
        SECRET("var/lib/private", "data of services with DynamicUser="),
        SECRET("var/lib/postgresql", "data of a database"),
        SECRET("var/lib/mysql*", "data of a database"),
        SECRET("var/lib/mariadb", "data of a database"),
        SECRET("var/lib/mongodb", "data of a database"),
        SECRET("var/lib/redis", "data of a database"),
        SECRET("var/lib/valkey", "data of a database"),
        SECRET("var/lib/influxdb", "data of a database"),
        SECRET("var/lib/ldap", "data of a directory service"),
        SECRET("var/lib/etcd", "data of a cluster"),
        SECRET("var/lib/consul", "data of a cluster"),
        SECRET("var/lib/vault", "a store of secrets"),
        SECRET("var/lib/docker", "containers and their volumes"),
        SECRET("var/lib/containerd", "containers and their volumes"),
        SECRET("var/lib/containers", "containers and their volumes"),
        SECRET("var/lib/incus", "containers and their volumes"),
        SECRET("var/lib/lxc", "containers and their volumes"),
        SECRET("var/lib/lxd", "containers and their volumes"),
        SECRET("var/lib/machines", "containers"),
        SECRET("var/lib/libvirt", "virtual machines and their disks"),
        SECRET("var/lib/kubelet", "keys of a cluster"),
        SECRET("var/lib/rancher", "keys of a cluster"),
        SECRET("var/lib/ceph", "keys of a cluster"),
        SECRET("var/lib/cloud", "passwords in cloud-init's data"),
        SECRET("var/lib/NetworkManager", "passwords of networks"),
        SECRET("var/lib/iwd", "passwords of networks"),
        SECRET("var/lib/connman", "passwords of networks"),
        SECRET("var/lib/bluetooth", "keys of devices"),
        SECRET("var/lib/samba/private", "passwords of file systems"),
        SECRET("var/lib/sss", "passwords of users in a directory service"),
        SECRET("var/lib/krb5kdc", "keys of Kerberos"),
        SECRET("var/kerberos", "keys of Kerberos"),
        SECRET("var/lib/acme", "private keys of TLS"),
        SECRET("var/lib/tor", "keys of services"),
        SECRET("var/lib/dkms/mok.key", "the key that signs modules of the kernel"),
        SECRET("var/lib/shim-signed/mok", "the key that signs modules of the kernel"),
        SECRET("var/lib/snmp", "passwords of snmpd"),
        SECRET("var/lib/opendkim", "keys of a mail server"),
        SECRET("var/log/journal", "the log of all services"),
        SECRET("var/log/audit", "the log of users' actions"),
        SECRET("var/log/auth.log*", "the log of logins, with mistyped passwords"),
        SECRET("var/log/secure*", "the log of logins, with mistyped passwords"),
        SECRET("var/log/btmp*", "the log of logins, with mistyped passwords"),
        SECRET("var/log/private", "data of services with DynamicUser="),
        SECRET("var/mail", "mail"),
        SECRET("var/spool/mail", "mail"),
        SECRET("var/spool/postfix", "mail"),
        SECRET("var/spool/exim4", "mail"),
        SECRET("var/spool/cron", "commands of users, which can have passwords in them"),
        SECRET("var/spool/cups", "documents that were printed"),
};

static const char *const proc_secrets[] = { "kallsyms",   "kcore",       "kmsg",         "kpagecgroup",
                                            "kpagecount", "kpageflags",  "pagetypeinfo", "slabinfo",
                                            "timer_list", "vmallocinfo", "vmcore" };

/* Skips the components in which both agree. Returns 0 or -ENOMEM. */
static int skip_common(const char **pattern, const char **path) {
        int r = 1;

        while (**pattern && **path && (r = component_match(*pattern, *path)) > 0) {
                *pattern += strcspn(*pattern, "/");
                *pattern += strspn(*pattern, "/");
                *path += strcspn(*path, "/");
                *path += strspn(*path, "/");
        }
        return r < 0 ? r : 0;
}

int secrets_contain(const char *path) {
        const char *proc = startswith(path, "/proc/");

        if (path[0] != '/')
                return 0;
        for (size_t i = 0; proc && i < ELEMENTSOF(proc_secrets); i++)
                if (streq(proc, proc_secrets[i]))
                        return 1;
        for (size_t i = 0; i < ELEMENTSOF(secrets); i++) {
                const char *pattern = secrets[i].pattern, *rest = path + 1;

                if (skip_common(&pattern, &rest) < 0)
                        return -ENOMEM;
                if (!*pattern)
                        return 1;
        }
        return 0;
}

/* Hides the secrets below the host's directory path, in the directory of the sandbox that shows it. If path is a secret
 * itself, whoever named it wants it. */
static int hide_below(RootBuilder *rb, const char *directory, const char *path) {
        HideRule rules[ELEMENTSOF(secrets)];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(secrets); i++) {
                const char *pattern = secrets[i].pattern, *rest = path + 1;

                if (skip_common(&pattern, &rest) < 0)
                        return -ENOMEM;
                if (!*rest && *pattern)
                        rules[n++] = (HideRule) { pattern, ASKED_INDIRECTLY, { .file = secrets[i].what }, NULL };
        }
        return n > 0 ? root_builder_hide(rb, directory, rules, n) : 0;
}

/* Whether the mount shows a directory of the host that the policy or the service chose. A bind of "/" shows the new
 * root itself, with what is hidden there. */
static bool shows_host(const PlanMount *m) {
        bool named = m->source.kind == SOURCE_PATH || m->source.kind == SOURCE_ID_MAPPED || m->source.kind == SOURCE_FD;

        return m->source.directory && named && !streq(m->source.path, "/") &&
               (m->kind == MOUNT_BIND || m->kind == MOUNT_OVERLAY) && m->asker >= ASKED_BY_SERVICE;
}

int build_secrets(RootBuilder *rb) {
        int r = 0;

        if (rb->b->request->writable_root)
                return 0;
        if (!rb->bare_root)
                r = hide_below(rb, "/", "/");
        for (size_t i = 0; r >= 0 && i < rb->model.n_mounts; i++)
                if (shows_host(rb->model.mounts[i]))
                        r = hide_below(rb, rb->model.mounts[i]->destination, rb->model.mounts[i]->source.path);
        return r;
}

int build_proc_secrets(RootBuilder *rb) {
        const Host *host = rb->b->host;
        int r;

        /* It lists the user's keys of all namespaces: keyrings(7). */
        r = root_builder_want_if_there(rb, plan_blocked("/proc/keys"));
        /* The others are open only to the machine's uid 0, even without capabilities. */
        if (host->uid != 0 || host->own_root || build_has_private_ids(rb->b->policy))
                return r;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(proc_secrets); i++) {
                _cleanup_free_ char *path = path_join("/proc", proc_secrets[i]);

                r = root_builder_want_if_there(rb, plan_blocked(path));
        }
        return r;
}
