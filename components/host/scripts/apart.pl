#!/usr/bin/perl
# apart.pl SECONDS COMMAND...    runs COMMAND as root for somebody who is not (see `deployer`), with its words and its exit status;
# it is ended after SECONDS. Who asked for it could stop or end it in the middle of a change otherwise: by the control group of
# their session, which may be theirs to freeze, to limit and to kill; by signals that they have blocked; by being the first
# whom the kernel ends where memory is short; or by not reading what it says, so that it waits with the host's lock.
use strict;
use warnings;
use POSIX ();

my ($seconds, @command) = @ARGV;
POSIX::sigprocmask(POSIX::SIG_SETMASK(), POSIX::SigSet->new) or die "soar-profiling: signals stay blocked: $!\n";
open my $score, '>', '/proc/self/oom_score_adj' or die "soar-profiling: no /proc: $!\n";
print {$score} "0\n";
close $score or die "soar-profiling: /proc/self/oom_score_adj: $!\n";

# What it says goes into files, which take it at once, and from there to who asked.
my @said = map {
  open my $to, '+>', undef or die "soar-profiling: no temporary file: $!\n";
  open my $from, '<', '/proc/self/fd/' . fileno $to or die "soar-profiling: no temporary file: $!\n";
  { to => $to, from => $from, reader => $_ };
} \*STDOUT, \*STDERR;

my $child = fork // die "soar-profiling: cannot fork: $!\n";
if (!$child) {
  open STDOUT, '>&', $said[0]{to} or exit 1;
  open STDERR, '>&', $said[1]{to} or exit 1;
  { no warnings 'exec'; exec qw(systemd-run --quiet --scope --collect timeout -k 30), $seconds, @command }
  print STDERR "soar-profiling: systemd-run cannot be run: $!; nothing was changed\n";
  exit 1;
}

sub pass_on {
  for (@said) {
    while (sysread $_->{from}, my $words, 65536) {
      while (length $words) { substr $words, 0, syswrite($_->{reader}, $words) // exit(1), '' }
    }
  }
}

while (waitpid($child, POSIX::WNOHANG()) == 0) {
  pass_on();
  select undef, undef, undef, 0.05;
}
my $status = $?;
pass_on();
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
