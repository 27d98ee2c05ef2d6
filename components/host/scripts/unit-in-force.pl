# unit-in-force.pl UNIT PACKAGE RECORDS    is UNIT the one of PACKAGE with drop-ins of ours, and does it run what its files say?
# Changes nothing. RECORDS is the directory of all environments' records. A line for each finding, of settings only the
# names, since values may be secret:
#   foreign WHAT    a file that is neither the package's nor ours changes what is run: no restart helps
#   differs WHAT    the process does not run what the unit's files say: a restart helps
# What limits or observes the unit (MemoryMax=, Nice=, an environment that the command line does not use) is an operator's.
use strict;
use warnings;

my ($unit, $package, $records) = @ARGV;
my $remedy = "remove that, and say in the stack's settings what it is for";

# What decides which program runs, with what, as whom, and which files it sees.
my $deciding = qr/^(?:ExecStart|ExecSearchPath|(?:Unset)?Environment|EnvironmentFile|User|Group|DynamicUser|WorkingDirectory
  |Root(?:Directory|Image)|Bind(?:ReadOnly)?Paths|InaccessiblePaths|TemporaryFileSystem|(?:Mount|Extension)Images
  |ExtensionDirectories|PrivateNetwork|NetworkNamespacePath)$/x;
# Such a setting adds to the ones before it, and without a value takes them all back.
my $list = qr/^(?:Exec(?!SearchPath)\w+|\w*Environment(?:File)?|(?:Condition|Assert)\w+|\w+(?:Paths|Images|Directories|Groups)
  |TemporaryFileSystem|After|Before|Wants|Requires|BindsTo|PartOf|Conflicts)$/x;

# --- Reading.

sub lines_of { my ($file) = @_; open(my $in, '<', $file) or return; my @lines = <$in>; chomp @lines; return @lines }

sub output { # COMMAND...
  my $child = open(my $in, '-|') // return;
  if (!$child) {
    open STDERR, '>', '/dev/null';
    exec { $_[0] } @_ or exit 127;
  }
  my @lines = <$in>;
  chomp @lines;
  return @lines;
}

sub is_same { my ($one, $two) = map { join ' ', (stat)[0, 1] } @_; return $one ne '' && $one eq $two }

# [KEY, VALUE] of each line of a unit's file.
sub settings {
  my ($before, @settings) = ('');
  for (lines_of($_[0])) {
    next if /^\s*[#;]/;
    if (/^(.*)\\$/) { $before .= "$1 "; next }
    my $line = "$before$_";
    $before = '';
    next unless $line =~ /^\s*([A-Za-z_]+)\s*=\s*(.*?)\s*$/;
    push @settings, $1 eq 'TimeoutSec' ? (['TimeoutStartSec', $2], ['TimeoutStopSec', $2]) : [$1, $2];
  }
  return @settings;
}

# The words of a line as systemd splits it.
sub words {
  my ($text) = @_;
  my @words;
  while ($text =~ /\G\s*((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+)/g) {
    my $word = $1;
    $word =~ s{"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|(\\.)}{($1 // $2 // $3) =~ s/\\(.)/$1/gr}ge;
    push @words, $word;
  }
  return @words;
}

# --- Which variables the command line uses; of an environment nothing else concerns it, but what the loader reads.

my %used;
sub is_used { return $used{$_[0]} || $_[0] =~ /^LD_/ }
sub used_names { return grep { is_used($_) } map { /^(\w+)/ } map { words($_) } @_ }

sub used_of_file { # FILE, as EnvironmentFile= has it: names and values
  my ($pattern) = $_[0] =~ /^-?(.*)/;
  return map { /^\s*([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/ && is_used($1) ? ($1 => join(' ', words($2))) : () } map { lines_of($_) } glob $pattern;
}

sub variables { # KEY VALUES...: the names that matter
  my ($key, @values) = @_;
  my %names = map { $_ => 1 } $key eq 'EnvironmentFile' ? map { my %of = used_of_file($_); keys %of } @values : used_names(@values);
  my @names = sort keys %names;
  return @names;
}

# --- What files say together: the values of each key, and the file that had the last word on it.

my %is_foreign;

sub effective { # FILES...
  my (%values, %by);
  for my $file (@_) {
    for (settings($file)) {
      my ($key, $value) = @$_;
      next if $key =~ /Environment(?:File)?$/ && $value ne '' && !variables($key, $value);
      my $adds = $key =~ $list && $value ne '';
      $values{$key} = [] unless $adds;
      push @{ $values{$key} }, $value if $value ne '';
      $by{$key} = $file unless $adds && $is_foreign{ $by{$key} // '' };
    }
  }
  return (\%values, \%by);
}

sub difference { # of two command lines, which are lists; of what may be a secret that it is there
  my ($now, $meant) = @_;
  my @parts;
  for (['with', $now, $meant], ['without', $meant, $now]) {
    my ($word, $these, $those) = @$_;
    my %told = map { $_ => 1 } @$those;
    my @only = grep { !$told{$_}++ } map { m{^[-/\$]} ? s/=.*//sr : 'a value' } grep { !$told{$_} } @$these;
    push @parts, join ' ', $word, @only if @only;
  }
  return join ' and ', @parts;
}

# --- The unit's files, as systemd finds them: of one name the more specific directory counts, then the earlier one; drop-ins
# are read in the order of their names.

my @directories = split ' ', join ' ', map { s/^UnitPath=//r } output(qw(systemctl show -p UnitPath));
my ($fragment) = grep { -e || -l } map { "$_/$unit" } @directories;
my %drop_in;
for my $type ("$unit.d", 'service.d') {
  for my $file (map { glob "$_/$type/*.conf" } @directories) { $drop_in{ $file =~ s{.*/}{}r } //= $file }
}
my @drop_ins = grep { -f } map { $drop_in{$_} } sort keys %drop_in;

# --- Whose they are. A change under way has its records in manifest.new.

my (%own, %digest);
for my $place (glob "$records/*/*") {
  my ($manifest) = grep { -e } "$place/manifest.new", "$place/manifest" or next;
  my @lines = lines_of($manifest);
  my $is_of_unit = grep { $_ eq "unit $unit" } @lines;
  for (@lines) {
    next unless /^file (\S+) \S+ \S+ (\S+) (.+)$/;
    $own{$3} = 1;
    $digest{$3} = $1 if $is_of_unit && $2 eq 'restart';
  }
}
my %is_own = map { $_ => 1 } grep { $own{$_} || m{/00-soar-profiling\.conf$} || ((lines_of($_))[0] // '') =~ /^# Managed by soar-profiling/ } @drop_ins;
my @packaged = output('dpkg-query', '-L', $package);
my ($original) = grep { m{/systemd/system/\Q$unit\E$} } @packaged;
for my $file (@drop_ins) { $is_foreign{$file} = 1 unless $is_own{$file} || grep { m{\.d/[^/]+\.conf$} && is_same($_, $file) } @packaged }

# --- Foreign files that change what is run.

my @packages_own = defined $original ? $original : ();
my @meant = (@packages_own, grep { !$is_foreign{$_} } @drop_ins);
my ($start) = effective(@meant);
%used = map { $_ => 1 } join(' ', @{ $start->{ExecStart} // [] }) =~ /\$\{?([A-Za-z_]\w*)/g;
my ($meant, $meant_by) = effective(@meant);
my %of_ours = map { $_->[0] => 1 } map { settings($_) } keys %is_own;

sub names_of { # KEY NOW MEANT: what of it is other than it was meant
  my ($key, $now, $meant) = @_;
  my %known = map { $_ => 1 } @$meant;
  my $names = $key eq 'ExecStart' ? difference(map { [map { words($_) } @$_] } $now, $meant)
    : $key =~ /Environment/ ? join ' ', variables($key, grep { !$known{$_} } @$now) : '';
  return $key . ($names eq '' ? '' : " ($names)");
}

# [FILE, WHAT, KEY] for each setting that these files together decide otherwise than it is meant.
sub beaten { # FILES...
  my ($all, $by) = effective(@_);
  my @beaten;
  for my $key (sort keys %$by) {
    my ($now, $was) = map { $_->{$key} // [] } $all, $meant;
    next if "@{[map { words($_) } @$now]}" eq "@{[map { words($_) } @$was]}";
    my %left = map { $_ => 1 } @$now;
    # Of our own settings a further condition takes nothing.
    next unless $key =~ $deciding || $of_ours{$key} && grep { !$left{$_} } @$was;
    push @beaten, [$by->{$key}, names_of($key, $now, $was), $key];
  }
  return @beaten;
}

sub against { # KEY NAMES: the setting that is beaten, and where it is
  my ($key, $names) = @_;
  my ($file) = map { s/^-//r } grep { variables('EnvironmentFile', $_) } @{ $meant->{EnvironmentFile} // [] };
  return ', which beats ' . ($names || join ' ', variables('EnvironmentFile', $file)) . " in $file" if $key =~ /^(?:EnvironmentFile|UnsetEnvironment)$/ && defined $file;
  return ", against $file" if $key eq 'Environment' && defined $file;
  return defined $meant_by->{$key} ? ", which beats $key in $meant_by->{$key}" : '';
}

my @findings;
for my $file (sort grep { m{/\Q$unit\E\.d/([^/]+)$} && -e && ($drop_in{$1} // $_) ne $_ } keys %own) {
  push @findings, "foreign $drop_in{ $file =~ s{.*/}{}r } stands before $file of the stack: $remedy";
}
if (defined $fragment && (!-e $fragment || !-s _)) {
  push @findings, "foreign $unit is masked by $fragment: remove that (systemctl unmask $unit)";
} elsif (defined $fragment && !defined $original) {
  push @findings, "foreign $fragment stands where the unit of the package $package belongs: $remedy";
} elsif (defined $fragment && !is_same($fragment, $original)) {
  my @otherwise = map { $_->[1] } grep { $_->[0] eq $fragment } beaten($fragment, grep { !$is_foreign{$_} } @drop_ins);
  push @findings, "foreign $fragment shadows $original of the package $package" . (@otherwise ? ' and sets ' . join(', ', @otherwise) : '') . ": $remedy";
} elsif (defined $fragment) {
  my ($known) = map { /^([0-9a-f]{32})  (.*)/ && "/$2" eq $original ? $1 : () } output('dpkg-query', '--control-show', $package, 'md5sums');
  ($known) = map { /^ \Q$original\E ([0-9a-f]{32})/ } output('dpkg-query', '-W', '-f', '${Conffiles}\n', $package) unless defined $known;
  my ($now) = map { /^(\w+)/ } output('md5sum', $original);
  push @findings, "foreign $original is not as the package $package brought it: put that back (apt-get install --reinstall $package), and say in the stack's settings what the change is for"
    if defined $known && $known ne $now;
}
for (beaten(@packages_own, @drop_ins)) {
  my ($file, $what, $key) = @$_;
  my ($names) = $what =~ /\((.*)\)$/;
  push @findings, "foreign $file sets $what of $unit" . against($key, $names) . ": $remedy" if $is_foreign{$file};
}

# --- The process. Of a file of ours that was edited, the environment that it belongs to tells.

my %of = map { /^(\w+)=(.*)/s ? ($1 => $2) : () } output('systemctl', 'show', '-p', 'MainPID,NeedDaemonReload,ExecStart', $unit);
my $pid = $of{MainPID} || 0;
my @there = grep { -f } keys %digest;
my %sum = map { /^(\w+)  (.*)/ ? ($2 => $1) : () } @there ? output('sha256sum', '--', @there) : ();
my @edited = grep { ($sum{$_} // '') ne $digest{$_} } keys %digest;
my ($line, @more) = @{ $meant->{ExecStart} // [] };
if ($pid && !@findings && !@edited && defined $line && !@more) {
  my %values = map { /^(\w+)=(.*)/s ? ($1 => $2) : () } map { words($_) } @{ $meant->{Environment} // [] };
  %values = (%values, map { used_of_file($_) } @{ $meant->{EnvironmentFile} // [] });
  my ($prefix, $command) = $line =~ /^([-\@:+!]*)(.*)/s;
  my @argv = map { /^\$(\w+)$/ ? words($values{$1} // '') : s/\$\{(\w+)\}/$values{$1} \/\/ ''/ger } words($command);
  my @running = split /\0/, join "\n", lines_of("/proc/$pid/cmdline");
  # Prefixes and specifiers that would be more to expand are left out.
  my $is_plain = $prefix !~ /[\@:]/ && $command !~ /%/;
  if ($is_plain && @running && "@argv" ne "@running") {
    my $how = difference(\@running, \@argv) || 'in another way';
    push @findings, "differs process $pid of $unit was started $how, other than the unit's files say now";
  } elsif ((readlink("/proc/$pid/exe") // '') =~ / \(deleted\)$/) {
    push @findings, "differs process $pid of $unit runs a program that was replaced since it was started";
  } elsif ($is_plain && ($of{NeedDaemonReload} // '') eq 'yes' && ($of{ExecStart} // '') =~ /argv\[\]=(.*?) ; ignore_errors=/ && $1 ne join(' ', words($command))) {
    push @findings, "differs systemd has not read the files of $unit since they were changed";
  }
}
print map { "$_\n" } @findings;
