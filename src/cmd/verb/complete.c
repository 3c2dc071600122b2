/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl _complete isorun|isoctl WORD...: what the last WORD may be. The shells know of no option, verb or directive:
 * it all comes from the tables that the commands themselves go by. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "cmd/instance/instance.h"
#include "cmd/verb/verb.h"
#include "plan/plan.h"
#include "policy/policy-load.h"
#include "policy/value/value.h"
#include "util/escape.h"
#include "util/strv.h"

/* The command line as far as it has been typed. */
typedef struct Completion {
        char **words;
        size_t n;         /* of them, the last one being the one to complete */
        size_t before;    /* how many there are before the verb */
        const char *text; /* that of the last one which is to be completed; what stands before it stays */
} Completion;

static const char *current(const Completion *c) {
        return c->words[c->n - 1];
}

/* A candidate, if what has been typed is its beginning. */
static void offer(const Completion *c, const char *word, const char *suffix, const char *help) {
        if (!startswith(word, c->text))
                return;
        for (const char *s = word; *s; s++)
                if (iscntrl((unsigned char) *s))
                        return;
        printf("%.*s%s%s\t", (int) (c->text - current(c)), current(c), word, suffix);
        escape_write(stdout, help);
        putchar('\n');
}

static void offer_all(const Completion *c, char *const *words, const char *help) {
        for (; words && *words; words++)
                offer(c, *words, "", help);
}

/* What the shell does better by itself. */
static void leave_to_shell(const Completion *c, const char *what) {
        size_t n = 0;

        for (const char *s = current(c); s < c->text; s++)
                n += ((unsigned char) *s & 0xc0) != 0x80;
        printf("\t%s %zu\n", what, n);
}

static void complete_files(Completion *c) {
        if (!strchr(c->text, ':')) /* behind it, a path is one inside */
                leave_to_shell(c, "files");
}

static void complete_directories(Completion *c) {
        leave_to_shell(c, "directories");
}

static void complete_policies(Completion *c) {
        _cleanup_strv_free_ char **path = policy_search_path(getenv("XDG_CONFIG_HOME"), getenv("HOME")), **names = NULL;

        if (path && policy_list(path, &names) >= 0)
                offer_all(c, names, "a policy");
        leave_to_shell(c, "files");
}

static void complete_instances(Completion *c) {
        _cleanup_(instances_deinit) InstanceList list = {};
        Report silent = {};

        if (instances_find(&list, &silent) < 0)
                return;
        for (size_t i = 0; i < list.n; i++)
                if (!list.items[i].nested)
                        offer(c, list.items[i].name, "", list.items[i].command ?: "");
}

/* The last word of a list: behind a space, or behind the ~ that inverts the list. */
static void skip_to_item(Completion *c) {
        const char *space = strrchr(c->text, ' ');

        if (*c->text == '~')
                c->text++;
        if (space)
                c->text = space + 1;
}

/* Paths that may stand behind "-" or "?". */
static void complete_path_value(Completion *c, const char *syntax) {
        if (*syntax == '[')
                syntax += strcspn(syntax, "]") + 1;
        if (!startswith(syntax, "PATH") && !startswith(syntax, "SRC"))
                return;
        c->text += *c->text == '-' || *c->text == '?';
        complete_files(c);
}

static void complete_value(Completion *c, const Directive *d) {
        _cleanup_strv_free_ char **names = NULL;

        if (d->list)
                skip_to_item(c);
        offer_all(c, (char *const *) d->type->choices, d->help);
        if (d->type->names && d->type->names(&names) >= 0)
                offer_all(c, names, d->help);
        complete_path_value(c, d->type->syntax);
}

static void complete_assignment_of(Completion *c, Section from, Section to) {
        const char *equals = strchr(c->text, '=');
        _cleanup_free_ char *name = equals ? strndup(c->text, (size_t) (equals - c->text)) : NULL;
        const Directive *known = name ? directive_find(name) : NULL;

        if (known) {
                c->text = equals + 1;
                complete_value(c, known);
        }
        for (const Directive *d = directive_table; !equals && d < directive_table + _DIRECTIVE_MAX; d++)
                if (d->section >= from && d->section <= to)
                        offer(c, d->name, "=", d->help);
}

static void complete_assignment(Completion *c) {
        complete_assignment_of(c, SECTION_POLICY, SECTION_SANDBOX);
}

static void complete_property(Completion *c) {
        complete_assignment_of(c, SECTION_SCOPE, SECTION_SCOPE);
}

static void complete_signals(Completion *c) {
        _cleanup_strv_free_ char **names = NULL;

        if (type_signal.names(&names) >= 0)
                offer_all(c, names, "");
}

/* The source behind a name that is bound. */
static void complete_binding(Completion *c) {
        const char *equals = strchr(c->text, '=');

        if (equals) {
                c->text = equals + 1;
                complete_files(c);
        }
}

/* One of what may stand for an argument: what is in capitals by what it stands for, another word as it is. */
static void complete_alternative(Completion *c, const char *argument) {
        static const struct {
                const char *name;
                void (*complete)(Completion *c);
        } table[] = {
                { "DIR", complete_directories },     { "FILE", complete_files },
                { "INSTANCE", complete_instances },  { "KEY=VALUE", complete_assignment },
                { "LIMIT=VALUE", complete_property }, { "NAME=SRC", complete_binding },
                { "POLICY", complete_policies },     { "SIGNAL", complete_signals },
                { "SRC", complete_files },
        };

        if (islower((unsigned char) *argument))
                offer(c, argument, "", "");
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(argument, table[i].name))
                        table[i].complete(c);
}

/* "NAME|POLICY...", "DIR[:DIR...]|none" */
static void complete_argument(Completion *c, const char *argument) {
        _cleanup_free_ char *copy = strdup(argument);
        char *position = copy;

        for (char *a = copy ? strsep(&position, "|") : NULL; a; a = strsep(&position, "|")) {
                a[strcspn(a, ".:[]")] = '\0';
                complete_alternative(c, a);
        }
}

static void complete_command(const Completion *c, size_t first) {
        printf("\tcommand %zu\n", c->before + first);
}

static void offer_options(const Completion *c, const Option *options) {
        char name[64];

        if (current(c)[0] != '-')
                return;
        for (const Option *o = options; o->name; o++) {
                if (o->value < 0x100) {
                        snprintf(name, sizeof(name), "-%c", o->value);
                        offer(c, name, "", o->help);
                }
                if (*o->name) {
                        snprintf(name, sizeof(name), "--%s", o->name);
                        offer(c, name, "", o->help);
                }
        }
}

/* Whether the first n bytes of word, which may be of the form --name=…, name the option. */
static bool is_option(const Option *o, const char *word, size_t n) {
        if (n == 2 && word[0] == '-' && word[1] != '-')
                return word[1] == o->value;
        return n > 2 && startswith(word, "--") && strlen(o->name) == n - 2 && strncmp(o->name, word + 2, n - 2) == 0;
}

static const Option *find_option(const Option *options, const char *word, size_t n) {
        for (const Option *o = options; o->name; o++)
                if (is_option(o, word, n))
                        return o;
        return NULL;
}

/* Goes over options, and completes the last word where it is one, or the argument of one. Returns the first word from
 * i on that is neither an option nor the argument of one, which may be the last; c->n where all is said. */
static size_t take_options(Completion *c, const Option *options, size_t i) {
        for (; i < c->n; i++) {
                const char *word = c->words[i];
                size_t n = startswith(word, "--") ? strcspn(word, "=") : strnlen(word, 2);
                const Option *o = find_option(options, word, n);
                bool last = i == c->n - 1;

                if (word[0] != '-' || (!last && streq(word, "--")))
                        break;
                if (last && !(o && o->argument && word[n])) {
                        offer_options(c, options);
                        return c->n;
                }
                if (o && o->argument && (last || (!word[n] && i + 1 == c->n - 1))) {
                        c->text = last ? word + n + (word[n] == '=') : current(c);
                        complete_argument(c, o->argument);
                        return c->n;
                }
                if (o && o->argument && !word[n])
                        i++;
        }
        return i;
}

static void complete_isorun(Completion *c) {
        size_t i = take_options(c, isorun_options, 0);

        if (i < c->n - 1 && streq(c->words[i], "--"))
                i++;
        if (i < c->n)
                complete_command(c, i);
}

/* A synopsis, "verb [-q|--quiet] [-n|--lines N] INSTANCE... -- COMMAND...", taken apart. */
typedef struct Synopsis {
        char *text;
        Option options[OPTIONS_MAX + 1];
        const char *arguments[8]; /* "INSTANCE...", "--", "COMMAND...", NULL */
} Synopsis;

static void synopsis_deinit(Synopsis *s) {
        free(s->text);
}

static void add_names(Synopsis *s, size_t *n, char *names, const char *argument) {
        for (char *name = strsep(&names, "|"); name && *n < OPTIONS_MAX; name = strsep(&names, "|")) {
                bool is_long = startswith(name, "--") != NULL;

                s->options[(*n)++] = (Option) { .value = is_long ? 0x100 : name[1], .name = is_long ? name + 2 : "",
                                                .argument = argument, .help = "" };
        }
}

static int synopsis_parse(Synopsis *s, const char *synopsis) {
        size_t n_options = 0, n_arguments = 0;
        char *position = NULL, *token;

        *s = (Synopsis) { .text = strdup(synopsis) };
        if (!s->text)
                return -ENOMEM;
        for (token = strtok_r(s->text, " ", &position); token; token = strtok_r(NULL, " ", &position)) {
                bool closed = token[0] == '[' && endswith(token, "]");
                char *name = token + (token[0] == '['), *argument;

                name[strcspn(name, "]")] = '\0';
                argument = strchr(name, '=');
                if (name[0] != '-' || streq(name, "--")) {
                        if (n_arguments < ELEMENTSOF(s->arguments) - 1)
                                s->arguments[n_arguments++] = token[0] == '[' ? token + 1 : token;
                        continue;
                }
                if (argument)
                        *argument++ = '\0';
                else if (!closed)
                        argument = strtok_r(NULL, " ", &position);
                add_names(s, &n_options, name, argument);
        }
        return 0;
}

/* The word i, which is no option, in the place of an argument. Returns 0 where the next word is in the same place, 1
 * where it is in the one behind it, -1 where all is said. */
static int take_argument(Completion *c, const char *argument, size_t *i) {
        bool last = *i == c->n - 1, dashes = !last && streq(c->words[*i], "--");

        if (streq(argument, "--")) { /* which may be left out where nothing is meant by it */
                if (last)
                        offer(c, "--", "", "the command");
                *i += dashes;
                return last ? -1 : 1;
        }
        if (startswith(argument, "COMMAND")) {
                complete_command(c, *i + dashes);
                return -1;
        }
        if (last) {
                if (startswith(argument, "NAME")) /* where it is no option's argument: of what there is */
                        complete_instances(c);
                complete_argument(c, argument);
                return -1;
        }
        (*i)++;
        return !endswith(argument, "...");
}

static void take_arguments(Completion *c, const Synopsis *s, const Option *options) {
        const char *const *argument = s->arguments + 1; /* the first is the verb */
        size_t i = 1;

        for (;;) {
                int r;

                /* What begins with "-" is an option wherever it stands, but for what stands behind the command. */
                i = take_options(c, options, i);
                if (i == c->n || !*argument)
                        return;
                r = take_argument(c, *argument, &i);
                if (r < 0)
                        return;
                argument += r;
        }
}

static void complete_verb(Completion *c, const Verb *verb) {
        _cleanup_(synopsis_deinit) Synopsis s = {};

        if (synopsis_parse(&s, verb->synopsis) >= 0)
                take_arguments(c, &s, verb->options ?: s.options);
}

static void complete_isoctl(Completion *c, const Verb *verbs) {
        size_t verb = take_options(c, isoctl_options, 0);

        if (verb == c->n)
                return;
        if (verb < c->n - 1) {
                c->words += verb;
                c->n -= verb;
                c->before = verb;
                for (const Verb *v = verbs; v->name; v++)
                        if (streq(v->name, c->words[0]))
                                complete_verb(c, v);
                return;
        }
        for (const Verb *v = verbs; v->name; v++)
                offer(c, v->name, "", v->help);
}

int verb_complete(const Verb *verbs, int argc, char *argv[]) {
        Completion c;

        if (argc < 3)
                return PLAN_FAILED;
        c = (Completion) { .words = argv + 2, .n = (size_t) argc - 2, .text = argv[argc - 1] };
        if (streq(argv[1], "isorun"))
                complete_isorun(&c);
        else if (streq(argv[1], "isoctl"))
                complete_isoctl(&c, verbs);
        else
                return PLAN_FAILED;
        return fflush(stdout) != 0 ? PLAN_FAILED : 0;
}
