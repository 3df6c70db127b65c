# Portable.pm: exported versions taken apart, changed and put together again, and bytes with a checksum that fits.
#
# Follows docs/internals.md, not the code: what the page says of the bytes is what is done here.

package Portable;

use strict;
use warnings;
no warnings 'portable';    # numbers of 64 bits

use Exporter 'import';
our @EXPORT_OK = qw(take_apart put_together seal);

my @field = (
	[ encoding => 'text' ], [ target => 'text' ], [ threshold => 'number' ], [ risk_bands => 'text' ],
	[ metric => 'text' ], [ value => 'number' ], [ train_rows => 'integer' ], [ valid_rows => 'integer' ],
	[ test_rows => 'integer' ], [ source => 'text' ], [ source_query => 'text' ], [ key => 'text' ],
	[ time_column => 'text' ], [ description => 'text' ], [ tags => 'text' ], [ definition => 'text' ],
	[ params => 'text' ], [ config => 'text' ], [ run_params => 'text' ], [ column_types => 'text' ],
	[ content_hash => 'text' ], [ seed => 'integer' ], [ rows_read => 'integer' ], [ rows_dropped => 'integer' ],
	[ ended_at => 'integer' ], [ seconds => 'number' ]);

my $NO_TEXT = 0xffffffffffffffff;

sub mix
{
	my ($x) = @_;
	$x ^= $x >> 30;
	$x = do { use integer; $x * 0xbf58476d1ce4e5b9 };
	$x ^= $x >> 27;
	$x = do { use integer; $x * 0x94d049bb133111eb };
	$x ^= $x >> 31;
	return $x;
}

sub hash
{
	my ($bytes, $seed) = @_;
	my $a = mix($seed ^ 0x243f6a8885a308d3);
	my $b = mix(do { use integer; $seed + 0x13198a2e03707344 });
	my $len = length $bytes;
	my @word = unpack 'Q<*', $bytes . "\0" x (-$len % 8);
	while (@word)
	{
		$a = mix($a ^ shift @word);
		$b = mix($b ^ shift @word) if @word;
		last if !@word;
	}
	$b = mix($b) if $len % 16 == 8;    # the lane of a half round takes zeros
	my $end = mix(do { use integer; $a + 0xa4093822299f31d1 * $len });
	return mix($end ^ ($b << 32 | $b >> 32));
}

# The same bytes with a checksum that fits: exported versions and model bytes have it at the same place.
sub seal
{
	my ($bytes) = @_;
	my ($head, $rest) = (substr($bytes, 0, 24), substr $bytes, 32);
	return $head . pack('Q<', hash($rest, hash($head, 1))) . $rest;
}

# content -> { field => value, ..., sections => [version, metrics, artifacts, columns, model] }
sub take_apart
{
	my ($content) = @_;
	my @at = unpack 'Q<10', substr $content, 32, 80;
	my %part = (sections => [ map { substr $content, $at[ 2 * $_ ], $at[ 2 * $_ + 1 ] } 0 .. 4 ]);
	my ($bytes, $at) = ($part{sections}[0], 0);
	for (@field)
	{
		my ($name, $type) = @$_;
		my $word = substr $bytes, $at, 8;
		$at += 8;
		if ($type eq 'text')
		{
			my $len = unpack 'Q<', $word;
			next if $len == $NO_TEXT;
			$part{$name} = substr $bytes, $at, $len;
			$at += $len + 8 - $len % 8;
		}
		else
		{
			$part{$name} = unpack $type eq 'number' ? 'd<' : 'q<', $word;
		}
	}
	return \%part;
}

sub put_together
{
	my ($part) = @_;
	my @section = @{ $part->{sections} };
	my ($table, $at) = ('', 112);
	$section[0] = join '', map {
		my ($value, $type) = ($part->{ $_->[0] }, $_->[1]);
		$type eq 'number' ? $value != $value ? pack('Q<', 0x7ff8000000000000) : pack('d<', $value)
		  : $type eq 'integer' ? pack('q<', $value)
		  : !defined $value    ? pack('Q<', $NO_TEXT)
		  : pack('Q<', length $value) . $value . "\0" x (8 - length($value) % 8)
	} @field;
	for (@section)
	{
		$table .= pack 'Q<2', $at, length $_;
		$at += length $_;
	}
	return seal('mlopsver' . pack('L<2Q<2', 1, 5, $at, 0) . join '', $table, @section);
}

1;
