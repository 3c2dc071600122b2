/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <net/if.h>

#include "image/json.h"
#include "oci/spec/fields.h"
#include "oci/spec/parts.h"
#include "util/array.h"
#include "util/text.h"

/* dev_valid_name() of the kernel. Of "%", the kernel takes only one "%d", and only in a new name. */
static bool is_name(const char *name, bool new) {
        const char *percent = strchr(name, '%');

        if (!*name || strlen(name) >= IFNAMSIZ || streq(name, ".") || streq(name, "..") ||
            strpbrk(name, "/: \t\n\v\f\r"))
                return false;
        return !percent || (new && percent[1] == 'd' && !strchr(percent + 1, '%'));
}

static int read_one(const Place *p, const char *name, Spec *ret) {
        const Place inside = place_member(p, "name");
        SpecNetDevice *d;
        int r;

        if (!is_name(name, false))
                return place_error(p, EINVAL, "it is not the name of a network device");
        r = fields_check(p, "/linux/netDevices/*");
        if (r < 0)
                return r;
        d = ARRAY_APPEND(ret->net_devices, ret->n_net_devices);
        if (!d)
                return report_oom(p->report);
        *d = (SpecNetDevice) { name, json_string_value(inside.value) ?: name };
        d->inside = *d->inside ? d->inside : name;
        if (!is_name(d->inside, true))
                return place_error(&inside, EINVAL, "it is not the name of a network device");
        for (const SpecNetDevice *other = ret->net_devices; other < d; other++)
                if (streq(other->inside, d->inside) && !strchr(d->inside, '%'))
                        return place_error(p, EINVAL, "the device %s gets the name %s, too", other->name, d->inside);
        return 0;
}

int net_devices_read(const Place *linux_part, Spec *ret) {
        const Place devices = place_member(linux_part, "netDevices");
        const char *name;
        json_t *value;

        if (json_object_size(devices.value) > 0 && !(ret->new_namespaces & CLONE_NEWNET) &&
            !ret->joined[SPEC_NETWORK])
                return place_error(&devices, EINVAL, "network devices need a new or joined network namespace");
        json_object_foreach(devices.value, name, value) {
                const Place p = place_member(&devices, name);
                int r = read_one(&p, name, ret);

                if (r < 0)
                        return r;
        }
        return 0;
}
