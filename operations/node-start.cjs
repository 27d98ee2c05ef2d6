"use strict";
// What Node does first where `pulumi` starts it for this program (`nodeargs` in Pulumi.yaml): a third of its time was spent on
// compiling what has not changed, and on stack traces that nobody reads.
const nodeModule = require("node:module");
const path = require("node:path");

// Node has it from 22.1 on. In the packages' folder, which is the user's own and goes with them.
nodeModule.enableCompileCache?.(path.join(__dirname, "..", "node_modules", ".cache", "node"));

// Pulumi notes for each promise where it was made, in case one of them never ends. To find a fault in this program, take this
// out: then an error has its whole stack again.
Error.stackTraceLimit = 1;
