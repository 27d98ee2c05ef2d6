# edit-lines.pl FILE EDITS NAMES <TEXT >TEXT: the text of FILE, which is not ours, with single lines of ours in it or out
# of it. EDITS is a file with an edit a line; those of other files are passed over:
#   add entry FILE KEY VALUE   VALUE, one line of YAML, is an item of the list at the top-level key KEY of a YAML file
#   add line FILE TEXT         the file has the line TEXT
#   remove entry ...           takes out what an `add` put in, and nothing else
#   remove line ...
# All that is not ours is kept to the byte. Our lines end with a comment, by which they are found again whatever else an
# operator has changed since; what covers an edit already, by an operator's hand, stays theirs. A pattern of theirs does
# when it takes in all files of ours that the edit is about: NAMES is a file with the paths of all files of ours, one a
# line. One that takes in some of them is told on standard error: it may be what the program refuses.
# In Perl, which every Debian has (perl-base is essential), because sed cannot keep a missing last newline or see a list.
use strict;
use warnings;
require(($0 =~ s{[^/]+$}{}r) . 'patterns.pl');

my $marker = '# soar-profiling';
my $ours = qr/[ \t]+\Q$marker\E(?=\s|\z)/;
my ($file, $edits, $names) = @ARGV;
(my $directory = $file) =~ s{/[^/]*\z}{};

my $bom = '';
my @lines;    # what is between the newlines: joined with "\n" they are the file
my @names;    # the paths of our files

sub refuse {
  my ($index, $reason, $remedy) = @_;
  print STDERR "$file:", $index + 1, ": $reason: $remedy\n";
  exit 1;
}

# A line as YAML has it: without a carriage return.
sub text { my $line = $lines[$_[0]]; $line =~ s/\r\z//; return $line }

sub insert {
  my ($index, $line) = @_;
  my $return = @lines > 1 && $lines[0] =~ /\r\z/ && $index < @lines ? "\r" : '';
  splice @lines, $index, 0, "$line$return";
}

sub append { insert($lines[-1] eq '' ? $#lines : scalar(@lines), $_[0]) }

# The items of the flow list that begins at a position of a text, as [start, end, text], and where it ends.
sub flow_items {
  my ($text, $at) = @_;
  my ($depth, $start, @items) = (0, $at + 1);
  pos($text) = $at;
  my $end_item = sub {
    my ($end) = @_;
    my $item = substr $text, $start, $end - $start;
    my ($before) = $item =~ /^(\s*(?:#[^\n]*\n\s*)*)/;
    (my $bare = substr $item, length $before) =~ s/\s+\z//;
    push @items, [$start + length $before, $start + length($before) + length $bare, $bare] if $bare ne '';
    $start = $end + 1;
  };
  while ($text =~ /\G(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?<=\s)#[^\n]*|(.))/gcs) {
    my ($char, $here) = ($1, pos($text) - 1);
    next unless defined $char;
    if ($char =~ /[\[{]/) { $depth++ }
    elsif ($char =~ /[\]}]/) {
      if (--$depth == 0) { $end_item->($here); return ($here, @items) }
    }
    elsif ($char eq ',' && $depth == 1) { $end_item->($here) }
  }
  return;
}

# A value without its quotes and the comment after it.
sub unquoted {
  my ($value) = @_;
  $value =~ s/^\s+//;
  return $1 if $value =~ /^"([^"\\]*)"\s*(?:#.*)?\z/ || $value =~ /^`([^`]*)`\z/;
  return $1 =~ s/''/'/gr if $value =~ /^'((?:[^']|'')*)'\s*(?:#.*)?\z/;
  $value =~ s/(?:^|\s)#.*//s unless $value =~ /^[\[{]/;
  $value =~ s/$ours.*//s;
  $value =~ s/\s+\z//;
  return $value;
}

# An item of a YAML list, plain. What an alias stands for is not known here.
sub yaml_item {
  my ($item) = @_;
  $item =~ s/^\s*(?:[&!]\S*\s+)*//;
  return $item =~ /^\*/ ? '' : unquoted($item);
}

# Whether something plain that is there does what ours would: the same, or a pattern that takes in all files of ours.
sub covers {
  my ($index, $theirs, $value) = @_;
  return 1 if $theirs eq $value;
  return 0 if $value !~ m{^/} || $theirs eq '' || $theirs =~ /\n/;
  return 1 if shortest($theirs, $directory) eq shortest($value, $directory);
  my ($taken, @others) = taken_in(map { shortest($_, $directory) } $theirs, $value, @names);
  print STDERR "$file:", $index + 1, ": $theirs takes in $taken of the files of $value, but not $others[0]: ",
    "if a file may not be read twice, write $value instead\n" if $taken && @others;
  return $taken && !@others;
}

# The lines of the first document of a YAML file, which a further --- or an end mark ends.
sub document_end {
  my $seen = 0;
  for my $i (0 .. $#lines) {
    my $line = text($i);
    return $i if $line =~ /^\.\.\.(?:\s|\z)/ || ($seen && $line =~ /^---(?:\s|\z)/);
    $seen = 1 unless $line =~ /^\s*(?:#|\z)/ || $line =~ /^%/;
  }
  return scalar @lines;
}

# Where a key stands, and what follows its colon; and where the first key does.
sub find_key {
  my ($key, $end) = @_;
  my ($first, $found, $value);
  for my $i (0 .. $end - 1) {
    my $line = text($i);
    next unless $line =~ /^[A-Za-z_"']/;
    $first = $i unless defined $first;
    next if defined $found || $line !~ /^(["']?)\Q$key\E\1\s*:(?:\s+(.*)|)\z/;
    ($found, $value) = ($i, defined $2 ? $2 : '');
  }
  return ($first, $found, $value);
}

# The block list below a line: the indentation of its items, and the index of each with its text. Undefined where there is
# something else.
sub block_items {
  my ($from, $end) = @_;
  my ($indent, @items);
  for my $i ($from + 1 .. $end - 1) {
    my $line = text($i);
    next if $line =~ /^\s*(?:#|\z)/;
    my ($space, $rest) = $line =~ /^( *)(.*)/s;
    if (!defined $indent) {
      return ('  ') if $space eq '' && $rest !~ /^-(?:\s|\z)/;    # The next key: this one has no value.
      return if $rest !~ /^-(?:\s|\z)/;
      $indent = $space;
    }
    if ($space eq $indent && $rest =~ /^-(?:\s+(.*)|)\z/s) { push @items, [$i, defined $1 ? $1 : ''] }
    elsif (length $space <= length $indent) { last }
    else { $items[-1][1] .= "\n$rest" }
  }
  return (defined $indent ? $indent : '  ', @items);
}

sub add_entry {
  my ($key, $value) = @_;
  my $end = document_end();
  my ($first, $at, $rest) = find_key($key, $end);
  if (!defined $at) {
    my $line = "$key: [$value] $marker";
    return insert($first, $line) if defined $first;
    for my $i (0 .. $end - 1) {
      refuse($i, "no top-level key begins a line here", "write the file with a key a line, or add $key: [$value]")
        if text($i) !~ /^(?:\s*(?:#.*)?|%.*|---(?:\s+#.*)?)\z/s;
    }
    return $end < @lines ? insert($end, $line) : append($line);
  }
  my $by_hand = "add the item $value to it by hand (it then stays yours), or write it with an item a line";
  if ($rest =~ /^(?:#.*)?\z/) {
    my ($indent, @items) = block_items($at, $end);
    refuse($at, "$key is not a list that can be added to", $by_hand) if !defined $indent;
    return if grep { covers($_->[0], yaml_item($_->[1]), unquoted($value)) } @items;
    return insert($at + 1, "$indent- $value $marker");
  }
  refuse($at, "$key is not a plain list", $by_hand) if $rest !~ /^\[/;
  my $line = text($at);
  my $offset = length($line) - length $rest;
  my $list = join "\n", $line, map { text($_) } $at + 1 .. $end - 1;
  my ($close, @items) = flow_items($list, $offset);
  refuse($at, "the list $key does not end", $by_hand) if !defined $close;
  return if grep { covers($at, yaml_item($_->[2]), unquoted($value)) } @items;
  refuse($at, "the list $key goes over several lines", $by_hand) if $close >= length $line;
  my ($tail) = substr($line, $close + 1) =~ /^(\s*(?:\s#.*)?)\z/s;
  refuse($at, "something follows the list $key", $by_hand) if !defined $tail;
  my $return = $lines[$at] =~ /\r\z/ ? "\r" : '';
  # With the comma also into an empty list: so it is told from a line that is ours as a whole.
  $lines[$at] = substr($line, 0, $offset + 1) . "$value, " . substr($line, $offset + 1, $close - $offset) . " $marker$tail$return";
}

sub remove_entry {
  my ($key, $value) = @_;
  my $end = document_end();
  my (undef, $at, $rest) = find_key($key, $end);
  return if !defined $at;
  my $is_ours = sub { $_[0] =~ $ours && unquoted($_[0]) eq unquoted($value) };
  if ($rest =~ /^(?:#.*)?\z/) {
    my (undef, @items) = block_items($at, $end);
    my @found = grep { $is_ours->($_->[1]) } @items;
    splice @lines, $_->[0], 1 for reverse @found;
    return;
  }
  my $line = text($at);
  return if $rest !~ /^\[/ || $line !~ $ours;
  my ($close, @items) = flow_items($line, length($line) - length $rest);
  return if !defined $close;
  if (@items == 1 && unquoted($items[0][2]) eq unquoted($value) && substr($line, $items[0][1], $close - $items[0][1]) !~ /,/) {
    splice @lines, $at, 1;
    return;
  }
  my ($found) = grep { unquoted($_->[2]) eq unquoted($value) } @items;
  return if !defined $found;
  my ($before, $after) = (substr($line, 0, $found->[0]), substr $line, $found->[1]);
  $after =~ s/^\s*, ?// or $before =~ s/,\s*\z//;
  $after =~ s/$ours//;
  $lines[$at] = "$before$after" . ($lines[$at] =~ /\r\z/ ? "\r" : '');
}

# The line of ours, as `add_line` has written it.
sub is_line_of_ours { my ($line, $wanted) = @_; return $line =~ $ours && $line =~ /^\s*\Q$wanted\E$ours\s*\z/ }

# Not where it is inside of braces: there it is part of something else.
sub add_line {
  my ($wanted) = @_;
  return if grep { is_line_of_ours($_, $wanted) } @lines;
  my @words = split ' ', $wanted;
  my $depth = 0;
  for my $i (0 .. $#lines) {
    (my $line = text($i)) =~ s/(?:^|\s)#.*//s;
    my @theirs = split ' ', $line;
    next if !@theirs;
    $depth-- if $theirs[0] eq '}' && $depth > 0;
    return if $depth == 0 && @theirs == @words && !grep { !covers($i, unquoted($theirs[$_]), $words[$_]) } 0 .. $#words;
    $depth++ if $theirs[-1] eq '{';
  }
  append("$wanted $marker");
}

sub remove_line {
  my ($wanted) = @_;
  @lines = grep { !is_line_of_ours($_, $wanted) } @lines;
}

my %actions = (
  'add entry' => sub { add_entry(split / /, $_[0], 2) },
  'remove entry' => sub { remove_entry(split / /, $_[0], 2) },
  'add line' => \&add_line,
  'remove line' => \&remove_line,
);

binmode STDIN, ':raw';
binmode STDOUT, ':raw';
my $content = do { local $/; <STDIN> };
$content = '' if !defined $content;
$bom = $1 if $content =~ s/^(\xEF\xBB\xBF)//;
@lines = split /\n/, $content, -1;
@lines = ('') if !@lines;
open my $paths, '<:raw', $names or die "$names: $!\n";
chomp(@names = <$paths>);
open my $list, '<:raw', $edits or die "$edits: $!\n";
while (my $edit = <$list>) {
  chomp $edit;
  my ($verb, $kind, $path, $rest) = split / /, $edit, 4;
  my $action = $actions{"$verb $kind"} or die "edit-lines: unknown edit $verb $kind\n";
  $action->($rest) if $path eq $file;
}
print $bom, join("\n", @lines) or die "standard output: $!\n";
close STDOUT or die "standard output: $!\n";
