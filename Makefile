# The sandbox: a real Debian host on this machine, and the stack `sandbox` on it. See docs/sandbox.md.
.PHONY: up down status ssh flamegraph test format

# A Node that the packages accept comes first, here and for what is started from here.
with_node = sandbox/with-node.sh
# Runs TypeScript as it is. Its cache would stay in the directory for temporary files.
node = $(with_node) node --import tsx
export TSX_DISABLE_CACHE = 1

up: node_modules/.package-lock.json
	@$(node) sandbox/cli.ts up

down: node_modules/.package-lock.json
	@$(node) sandbox/cli.ts down

status: node_modules/.package-lock.json
	@$(node) sandbox/cli.ts status

# make -s ssh CMD='...' runs one command on the host: as it is written, while make would expand its $.
override export CMD := $(value CMD)
ssh: node_modules/.package-lock.json
	@$(node) sandbox/cli.ts ssh

# make flamegraph SERVICE=soar-run PROFILE=cpu SINCE=15m shows it until Ctrl-C, OUTPUT=FILE.pb.gz writes it to a file;
# DIFF=1h, or BY=LABEL, prints what changed.
flamegraph: node_modules/.package-lock.json
	@$(node) sandbox/cli.ts flamegraph $${PROFILE:+"--profile=$$PROFILE"} $${SINCE:+"--since=$$SINCE"} \
	  $${DIFF:+"--diff=$$DIFF"} $${BY:+"--by=$$BY"} $${OUTPUT:+"--output=$$OUTPUT"} -- $${SERVICE:+"$$SERVICE"}

test: node_modules/.package-lock.json
	@$(with_node) tests/run.sh

format: node_modules/.package-lock.json
	$(with_node) npx prettier --write .

# The lock file's packages, and none of their installation scripts: they would download programs.
node_modules/.package-lock.json: package-lock.json
	$(with_node) npm ci --ignore-scripts --no-audit --no-fund
