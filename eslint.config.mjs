import pulumi from "@pulumi/eslint-plugin";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

// The programs of examples/ import the packed library: tests/library checks them where it is installed.
const notHere = ["node_modules/", "**/target/", "dist/", "api/", "examples/"];

export default defineConfig(globalIgnores(notHere), {
  files: ["**/*.ts", "**/*.mts"],
  extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
  languageOptions: {
    parserOptions: {
      projectService: { allowDefaultProject: ["vitest.config.mts"] },
      tsconfigRootDir: import.meta.dirname,
    },
  },
  plugins: { "@pulumi": pulumi },
  rules: {
    // An output in a template prints a warning instead of its value, and in a condition it is always true.
    "@pulumi/no-output-in-template-literal": "error",
    "@pulumi/no-output-instance-in-template-literal": "error",
    // Numbers print as one expects them to.
    "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    // Index access is checked (noUncheckedIndexedAccess), so dot and bracket say which kind of key it is.
    "@typescript-eslint/dot-notation": "off",
    "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
  },
});
