#!/usr/bin/perl
# within.pl SECONDS COMMAND...    COMMAND's exit status; 124 where it takes longer. Then it is ended with all that it has
# started, also in sessions of their own, as apt starts dpkg, and though it ignores signals. So it is where this is ended.
use strict;
use warnings;

# Linux's WNOHANG: to load POSIX for it takes three times as long as all else here.
my $no_hang = 1;
my ($seconds, @command) = @ARGV;
my $child;

sub descendants {
  my %children;
  opendir my $proc, '/proc' or die "/proc: $!\n";
  for my $pid (grep { /^[0-9]+$/ } readdir $proc) {
    open my $file, '<', "/proc/$pid/stat" or next;
    my $stat = do { local $/; <$file> } // next;
    push @{ $children{$1} }, $pid if $stat =~ /^.*\) \S ([0-9]+)/s;
  }
  my @found = ($child);
  for (my $i = 0; $i < @found; $i++) { push @found, @{ $children{ $found[$i] } // [] } }
  return @found;
}

# Stopped first, so that none starts another meanwhile that nobody would know to be theirs.
sub end_all {
  my %stopped;
  while (my @others = grep { !$stopped{$_}++ } descendants()) { kill STOP => @others }
  kill KILL => keys %stopped;
  # What waits for a disk does not end before that has answered.
  for (1 .. 50) {
    waitpid $child, $no_hang;
    grep { is_running($_) } keys %stopped or return;
    select undef, undef, undef, 0.1;
  }
}

sub is_running {
  open my $file, '<', "/proc/$_[0]/stat" or return 0;
  return (<$file> // '') =~ /\) [^ZX] [0-9]+ /;
}

sub too_long {
  print STDERR "it did not end within $seconds s, and was ended\n";
  exit 124;
}

if ($seconds <= 0) {
  print STDERR "no time is left to run $command[0]\n";
  exit 124;
}

my $ended;
for my $signal (qw(TERM INT)) { $SIG{$signal} = sub { $ended //= 143 } if ($SIG{$signal} // '') ne 'IGNORE' }
$SIG{ALRM} = sub { $ended //= 124 };
$SIG{CHLD} = sub { }; # Ends the sleep below.

$child = fork // die "cannot start $command[0]: $!\n";
if ($child == 0) {
  $SIG{CHLD} = 'DEFAULT';
  $SIG{$_} ne 'IGNORE' and $SIG{$_} = 'DEFAULT' for grep { defined $SIG{$_} } qw(TERM INT);
  { no warnings 'exec'; exec { $command[0] } @command }
  print STDERR "cannot run $command[0]: $!\n";
  exit 127;
}
alarm $seconds;
while (waitpid($child, $no_hang) == 0) {
  if ($ended) {
    end_all();
    too_long() if $ended == 124;
    exit $ended;
  }
  select undef, undef, undef, 0.1;
}
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
