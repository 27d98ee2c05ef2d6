#!/usr/bin/perl
# unit-environment.pl [--hide] UNIT COMMAND...    runs COMMAND with the environment that systemd gives to UNIT (Environment= and
# EnvironmentFile=), as what checks or reads the files of its program needs it: these may name variables. No value is put on a
# command line, for it may be secret. The PATH stays ours, so that the COMMAND is found.
# With --hide, what COMMAND prints as output and as errors is one text, in which no value stands that may be a secret by its name.
use strict;
use warnings;
use File::Glob ();

my $hides = $ARGV[0] eq '--hide' && shift;
my ($unit, @command) = @ARGV;

# What systemctl tells of the unit. A value may have line breaks in it.
sub shown {
  open(my $in, '-|', 'systemctl', 'show', '-p', 'Environment,EnvironmentFiles', $unit) or return '';
  local $/;
  return <$in> // '';
}

# A word with a space in it stands between double quotes, in which a backslash is before what a shell would expand.
sub words {
  my ($text) = @_;
  my @words;
  while ($text =~ /\G\s*(?:"((?:\\.|[^"\\])*)"|([^\s"]+))/gcs) { push @words, defined $1 ? $1 =~ s/\\(.)/$1/gsr : $2 }
  return @words;
}

my %escaped_in_quotes = map { $_ => 1 } '"', '\\', '`', '$';

# The variables of a text, as systemd reads it (src/basic/env-file.c): quotes count at the beginning of a value only, and a
# value may go over several lines.
sub variables {
  my $text = "$_[0]\n";
  my %value;
  until ($text =~ /\G\s*\z/gc) {
    next if $text =~ /\G\s*[#;][^\n\r]*/gc;
    next unless $text =~ /\G\s*([^=\n\r]*?)[ \t]*(?:(=)|[\n\r])/gc && defined $2;
    my ($name, $value) = ($1, '');
    until ($text =~ /\G(?:[\n\r]|\z)/gc) {
      if ($text =~ /\G[ \t]+/gc) { next }
      elsif ($text =~ /\G'([^']*)'?/gc) { $value .= $1 }
      elsif ($text =~ /\G"((?:[^"\\]|\\.)*)"?/gcs) {
        $value .= $1 =~ s/\\(.)/$escaped_in_quotes{$1} ? $1 : $1 eq "\n" ? '' : "\\$1"/gesr;
      } elsif ($text =~ /\G((?:[^\\\n\r]|\\.)*?)[ \t]*(?=[\n\r]|\z)/gcs) { $value .= $1 =~ s/\\(.)/$1 eq "\n" ? '' : $1/gesr }
    }
    $value{$name} = $value if $name =~ /^[A-Za-z_]\w*$/;
  }
  return %value;
}

sub content { my ($file) = @_; open(my $in, '<', $file) or return ''; local $/; return <$in> // '' }

my $shown = shown();
my ($environment) = $shown =~ /^Environment=(.*?)(?=^EnvironmentFiles=|\z)/ms;
my %value = map { /^([A-Za-z_]\w*)=(.*)/s ? ($1 => $2) : () } words($environment // '');
for ($shown =~ /^EnvironmentFiles=(.*)/mg) {
  my ($pattern) = /^(.*?)(?: \(ignore_errors=\w+\))?$/;
  %value = (%value, variables(content($_))) for File::Glob::bsd_glob($pattern);
}
delete $value{PATH};
%ENV = (%ENV, %value);
if (!$hides) { exec(@command) or die "$command[0]: $!\n" }

open(my $said, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command) or die "$command[0]: $!\n";
my $text = do { local $/; <$said> } // '';
close $said;
my $status = $?;
my @secret = grep { /PASS|SECRET|TOKEN|CREDENTIAL|AUTH|BEARER|KEY|HASH/i && length $value{$_} > 3 } keys %value;
# The longer first: one may be a part of another.
$text =~ s/\Q$value{$_}\E/{\$$_}/g for sort { length $value{$b} <=> length $value{$a} } @secret;
print $text;
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
