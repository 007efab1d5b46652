# The gem parallel with two processes: ruby parallel.rb KIND IN OUT
require 'csv'
require 'parallel'

kind, src, dst = ARGV
File.open(dst, 'w') do |out|
  if kind == 'lines'
    Parallel.map(File.foreach(src), in_processes: 2) { |line| line }.each { |line| out.write(line) }
  else
    header, *rows = CSV.read(src)
    rows = Parallel.map(rows.each_with_index, in_processes: 2) { |row, seq| row + [seq, 'ok'] }
    # Not before: what stands in a buffer is written by each process that is forked off.
    out.write((header + %w[_seq _status]).to_csv)
    rows.each { |row| out.write(row.to_csv) }
  end
end
