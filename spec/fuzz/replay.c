/* Stands in for the fuzzer: hands a target every file named on the command line, once. */
#include "fuzz.h"

static uint8_t input[1 << 20];

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) return perror(argv[i]), 1;
        size_t size = fread(input, 1, sizeof input, file);
        fclose(file);
        (void)LLVMFuzzerTestOneInput(input, size);
    }
    printf("%d\n", argc - 1);
    return 0;
}
