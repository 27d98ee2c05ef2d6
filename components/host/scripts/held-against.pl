# What a user who may only deploy declares, held against the records; `deployer` requires it, and has what it uses.
use strict;
use warnings;

our ($directory, $environment, $state);

# A declaration, as service-config reads it: what could be read in two ways is refused.
sub parse { # TEXT
  my ($text) = @_;
  $text =~ /\0/ and refuse('a declaration has a NUL in it');
  my @lines = split /\n/, $text, -1;
  @lines >= 2 && $lines[-1] eq '' && $lines[-2] eq 'end' or refuse('a declaration was cut off');
  splice @lines, -2;
  my (@header, @files);
  for (@lines) {
    if (/^  / || $_ eq '') {
      @files or refuse('a declaration has a text before its first file');
      $files[-1]{text} .= ($_ eq '' ? '' : substr $_, 2) . "\n";
    } elsif (m{^file (0[0-7]{3}) ([a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*) (restart|reload|none) ((?:/[A-Za-z0-9_\@+-][A-Za-z0-9._\@+-]*)+)$}) {
      push @files, { way => "$1 $2", activation => $3, path => $4, text => '' };
    } elsif (!@files && /^(?!file |end)[a-z-]+ [\x21-\x7e][\x20-\x7e]*$/) {
      push @header, $_;
    } else {
      refuse('a declaration has a line that this program does not write');
    }
  }
  my %seen;
  $seen{ $_->{path} }++ and refuse("$_->{path} is declared twice") for @files;
  return (\@header, { map { $_->{path} => $_ } @files });
}

# Records that count for what is asked, as `sha256sum` writes them: once it is the script's turn, they have to be the same still.
our @held_against;

sub record { # FILE
  my ($file) = @_;
  my $text = slurp("$state/$file");
  push @held_against, digest_of($text) . "  $state/$file" if defined $text;
  return $text;
}

# What an administrator's `up`, or one that was held against it, has put in place.
sub recorded { # NAME
  my ($name) = @_;
  my $manifest = record("$name/manifest") // refuse("nothing is recorded of $name");
  my (@header, %files);
  for (split /\n/, $manifest) {
    if (/^file ([0-9a-f]{64}) (\S+ \S+) (\S+) (.*)$/) {
      $files{$4} = { digest => $1, way => $2, activation => $3, path => $4 };
    } elsif (!/^(?:format|generation|digest) /) {
      push @header, $_;
    }
  }
  return (\@header, \%files);
}

# A line of it without what may be another: the version of the package, and the files that the program is asked about, last.
sub bare { # LINE FILES
  my ($line, $files) = @_;
  $line =~ s/^(package \S+) [0-9A-Za-z][0-9A-Za-z.+:~-]*$/$1/;
  if ($line =~ /^inforce /) {
    while ($line =~ / (\S+)$/ && $files->{$1}) { $line =~ s/ \S+$// }
  }
  return $line;
}

my @places;

# Whether the content of a file may be another: only programs that run as users of their own read it.
sub may_change { # FILE
  my ($file) = @_;
  @places = grep { !/^#/ } split /\n/, slurp("$directory/may-change") // '' if !@places;
  for (@places) {
    my ($pattern, $way) = split / /, $_, 2;
    my $form = join '[A-Za-z0-9_-][A-Za-z0-9._-]*', map { quotemeta } split /\*/, $pattern, -1;
    return 1 if $file->{path} =~ /\A$form\z/ && $file->{way} eq $way;
  }
  return 0;
}

sub hold_against_records { # NAME TEXT
  my ($name, $text) = @_;
  my ($header, $files) = parse($text);
  my ($old_header, $old_files) = recorded($name);
  my @now = map { bare($_, $files) } @$header;
  my @old = map { bare($_, $old_files) } @$old_header;
  for my $at (0 .. (@now > @old ? $#now : $#old)) {
    my ($now, $old) = ($now[$at] // '', $old[$at] // '');
    $now eq $old or refuse("$name: \"" . ($now || 'nothing') . '" is declared where it was "' . ($old || 'nothing') . '"');
  }
  for my $path (sort keys %{ { %$files, %$old_files } }) {
    my ($now, $old) = ($files->{$path}, $old_files->{$path});
    my $file = $now // $old;
    if ($now && $old) {
      $now->{way} eq $old->{way} && $now->{activation} eq $old->{activation}
        or refuse("$name: $path is declared with another mode, owner or activation");
      may_change($now) || digest_of($now->{text}) eq $old->{digest} or refuse("$name: $path is declared with another text");
    } elsif (!may_change($file)) {
      refuse("$name: $path is " . ($now ? 'new' : 'declared no more'));
    } elsif ($now) {
      $path =~ m{/\Q$environment\E[-.][^/]+\z} or refuse("$name: $path is new, and not named as one of environment $environment");
    }
  }
}

1;
