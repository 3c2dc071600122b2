/* A program with a policy: isorun --own ./server. The build says where the policy is. */
#include <isorun/policy.h>
#include <stdio.h>
#include <stdlib.h>

ISORUN_POLICY_FILE(POLICY)

int main(void) {
        const char *from = getenv("FROM");

        printf("started under %s\n", from ? from : "another policy");
        return 0;
}
