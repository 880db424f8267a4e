// Walks core's own tests in the WebAssembly module that is given; says how many passed.
import { readFileSync } from "node:fs";

const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { cases, run, is_portable } = instance.exports;
if (!is_portable() || cases() < 40) {
    throw new Error(`${cases()} cases, kernel ${is_portable() ? "portable" : "another"}`);
}
for (let number = 0; number < cases(); number += 1) {
    try {
        run(number);
    } catch (error) {
        throw new Error(`case ${number} of core/src/cases.rs, counted from 0: ${error}`);
    }
}
console.log(`WebAssembly: ${cases()} passed, 0 failed`);
