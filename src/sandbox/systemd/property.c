/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Turns a directive of [Scope] into a D-Bus property, by the signature in its table row. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "sandbox/systemd/scope.h"
#include "util/strv.h"

/* A relative value is in hundredths of a percent. systemd wants it as a part of UINT32_MAX:
 * systemd.resource-control(5), MemoryMax=. */
static uint32_t scale(uint64_t share) {
        return (uint32_t) (share * UINT32_MAX / 10000);
}

static int append_share(const BusLibrary *lib, sd_bus_message *m, const PlanProperty *p, const Value *v) {
        char name[64];

        snprintf(name, sizeof(name), "%sScale", p->directive->property);
        return lib->sd_bus_message_append(m, "(sv)", name, "u", scale(v->number));
}

static int append_scalar(const BusLibrary *lib, sd_bus_message *m, const PlanProperty *p) {
        const Value *v = &p->settings->items[p->settings->n - 1].value;
        const char *name = p->directive->property;

        if (v->relative)
                return append_share(lib, m, p, v);
        switch (p->directive->signature[0]) {
        case 's':
                return lib->sd_bus_message_append(m, "(sv)", name, "s", v->text);
        case 'b':
                return lib->sd_bus_message_append(m, "(sv)", name, "b", (int) v->number);
        case 'i':
                return lib->sd_bus_message_append(m, "(sv)", name, "i", (int32_t) v->number);
        case 't':
                return lib->sd_bus_message_append(m, "(sv)", name, "t", v->number);
        }
        return -EINVAL;
}

static int append_bitmap(const BusLibrary *lib, sd_bus_message *m, const Value *v) {
        return lib->sd_bus_message_append_array(m, 'y', v->bitmap, v->n_bitmap);
}

static int append_address(const BusLibrary *lib, sd_bus_message *m, const Value *v) {
        int family = strchr(v->words[0], ':') ? AF_INET6 : AF_INET, r;
        unsigned char bytes[16];

        inet_pton(family, v->words[0], bytes);
        r = lib->sd_bus_message_open_container(m, 'r', "iayu");
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "i", family);
        if (r >= 0)
                r = lib->sd_bus_message_append_array(m, 'y', bytes, family == AF_INET ? 4 : 16);
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "u", (uint32_t) v->number);
        return r < 0 ? r : lib->sd_bus_message_close_container(m);
}

static int append_item(const BusLibrary *lib, sd_bus_message *m, const char *signature, const Value *v) {
        if (streq(signature, "as"))
                return lib->sd_bus_message_append(m, "s", v->text);
        if (streq(signature, "a(st)"))
                return lib->sd_bus_message_append(m, "(st)", v->words[0], v->number);
        if (streq(signature, "a(ss)"))
                return lib->sd_bus_message_append(m, "(ss)", v->words[0], v->words[1]);
        if (streq(signature, "a(iayu)"))
                return append_address(lib, m, v);
        return -EINVAL;
}

/* ("Name", <[item, …]>) */
static int append_array(const BusLibrary *lib, sd_bus_message *m, const PlanProperty *p) {
        const char *signature = p->directive->signature;
        int r;

        r = lib->sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "s", p->directive->property);
        if (r >= 0)
                r = lib->sd_bus_message_open_container(m, 'v', signature);
        if (r >= 0 && streq(signature, "ay"))
                r = append_bitmap(lib, m, &p->settings->items[p->settings->n - 1].value);
        else if (r >= 0) {
                r = lib->sd_bus_message_open_container(m, 'a', signature + 1);
                for (size_t i = 0; r >= 0 && i < p->settings->n; i++)
                        r = append_item(lib, m, signature, &p->settings->items[i].value);
                if (r >= 0)
                        r = lib->sd_bus_message_close_container(m);
        }
        if (r >= 0)
                r = lib->sd_bus_message_close_container(m);
        return r < 0 ? r : lib->sd_bus_message_close_container(m);
}

/* Delegate= is two properties on the bus: a switch (Delegate) and the list of controllers. */
static int append_controllers(const BusLibrary *lib, sd_bus_message *m, char *const *controllers) {
        int r;

        r = lib->sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = lib->sd_bus_message_append(m, "s", "DelegateControllers");
        if (r >= 0)
                r = lib->sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = lib->sd_bus_message_open_container(m, 'a', "s");
        for (; r >= 0 && *controllers; controllers++)
                r = lib->sd_bus_message_append(m, "s", *controllers);
        for (int i = 0; r >= 0 && i < 3; i++)
                r = lib->sd_bus_message_close_container(m);
        return r;
}

int property_append(const BusLibrary *lib, sd_bus_message *m, const PlanProperty *p) {
        const Value *v = &p->settings->items[p->settings->n - 1].value;

        if (p->directive->signature[0] == 'a')
                return append_array(lib, m, p);
        if (directive_id(p->directive) == D_Delegate && v->words)
                return append_controllers(lib, m, v->words);
        return append_scalar(lib, m, p);
}
