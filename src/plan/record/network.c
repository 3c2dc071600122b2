/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of a recorded policy about the network. */
#include <arpa/inet.h>

#include "plan/record/setting.h"
#include "plan/record/writer.h"
#include "policy/value/names.h"
#include "util/fd.h"
#include "util/text.h"

bool writer_has_file(const Writer *w, const char *path) {
        return w->peers.n > 0 && (streq(path, "/etc/hosts") || streq(path, "/etc/resolv.conf"));
}

void writer_families(const Writer *w) {
        bool any = false;

        for (const NamedNumber *f = address_families; f->name; f++) {
                const RecordCount *c = record_socket(w->record, (unsigned) f->number);

                if (!c || streq(f->name, "AF_LOCAL"))
                        continue;
                fputs("# ", w->f);
                writer_count(w, c);
                fprintf(w->f, "\nRestrictAddressFamilies=%s\n", f->name);
                any = true;
        }
        if (!any)
                fputs("RestrictAddressFamilies=none\n", w->f);
}

/* The peer of a value, which has one for each port. */
static const PlanPeer *find_peer(const Writer *w, const Value *v) {
        for (size_t i = 0; i < w->plan->n_peers; i++) {
                const PlanPeer *p = &w->plan->peers[i];

                if (streq(p->host, v->words[0]) && p->port == (v->number & PEER_PORT_MASK) &&
                    p->is_datagram == !!(v->number2 & PEER_UDP))
                        return p;
        }
        return NULL;
}

static const RecordCount *count_peer(const Writer *w, const PlanPeer *p) {
        char address[INET6_ADDRSTRLEN] = "";
        _cleanup_free_ char *key = NULL;

        if (!inet_ntop(p->ipv6 ? AF_INET6 : AF_INET, p->address, address, sizeof(address)))
                return NULL;
        key = format(p->ipv6 ? "[%s]:%u%s" : "%s:%u%s", address, p->port, p->is_datagram ? "/udp" : "");
        for (size_t i = 0; key && i < record_n_uses(w->record); i++)
                if (streq(record_use(w->record, i)->key, key))
                        return &record_use(w->record, i)->count;
        return NULL;
}

/* Which name of a pattern was meant is not watched. */
static void write_named_peers(const Writer *w) {
        for (size_t i = 0; i < writer_settings(w, D_ConnectTo)->n; i++) {
                const Setting *s = &writer_settings(w, D_ConnectTo)->items[i];
                const PlanPeer *p = find_peer(w, &s->value);
                const RecordCount *c = p ? count_peer(w, p) : NULL;
                const bool seen = p && !p->is_pattern;

                if (!c && seen)
                        continue;
                if (c)
                        writer_uses(w, USED_CONNECT, c);
                else
                        fputs("# its use cannot be watched\n", w->f);
                setting_write(w->f, D_ConnectTo, s, false);
        }
}

static void write_found_peers(const Writer *w) {
        for (size_t i = 0; i < w->peers.n; i++) {
                writer_uses(w, USED_CONNECT, &w->peers.items[i].count);
                fprintf(w->f, "%s=%s\n", directive_table[D_ConnectTo].name, w->peers.items[i].line);
        }
}

/* Only the host's network has the host's abstract sockets. */
void writer_network(const Writer *w, DirectiveId id) {
        const Setting *s = policy_get(w->plan->source, id);

        if (!w->permissive || !setting_is_permissive(s)) {
                writer_take_over(w, id);
                return;
        }
        if (!record_uses_abstract(w->record))
                return;
        fputs("# an abstract socket of the host was used, and so this shows all of the host's network\n", w->f);
        fprintf(w->f, "%s=%s\n", directive_table[id].name, id == D_PrivateNetwork ? "no" : "yes");
}

void writer_peers(const Writer *w) {
        write_named_peers(w);
        write_found_peers(w);
}

void writer_listened(const Writer *w) {
        for (size_t i = 0; i < w->peers.n_listened; i++)
                fprintf(w->f, "# It listened at port %u, which only its own programs reach: ListenOn=%u opens it.\n",
                        w->peers.listened[i], w->peers.listened[i]);
}

int writer_find_peers(const Record *record, RecordPeers *ret) {
        _cleanup_free_ char *hosts = NULL, *resolver = NULL;
        size_t size;

        if (text_file_read("/etc/hosts", &hosts, &size) < 0)
                hosts = NULL;
        if (text_file_read("/etc/resolv.conf", &resolver, &size) < 0)
                resolver = NULL;
        return record_find_peers(record, hosts, resolver, ret);
}
