/** What a host may have from before its first `up`, and what becomes of it: told, and no hindrance. */
export interface PastRequirement {
  /** Files of ours at places where packages and operators have theirs. */
  replaced: readonly string[];
  /** Files of Alloy's configuration that no longer count, with the kinds of components that there will be instead. */
  unread: readonly { file: string; components: readonly string[] }[];
  /** Directories below which profiles will be read, by `folders` in them, and the file that says where they are so far. */
  stored: readonly { directory: string; folders: readonly string[]; file: string }[];
}

/** What Prometheus will scrape: no other job of it may do so already. */
export interface ScrapedRequirement {
  /** Of Prometheus, on the host. */
  url: string;
  /** Below it is what we have told it of jobs so far. */
  directory: string;
  targets: readonly {
    /** As `prometheus.skip` has it. */
    name: string;
    url: string;
  }[];
}

/** The words of the preflight's script for it. */
export function pastWords({ replaced, unread, stored }: PastRequirement): string[] {
  return [
    ...replaced.flatMap((file) => ["replaced", file]),
    ...unread.flatMap(({ file, components }) => ["unread", file, components.join(" ")]),
    ...stored.flatMap(({ directory, folders, file }) => ["stored", directory, folders.join(" "), file]),
  ];
}
