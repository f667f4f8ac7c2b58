# gnuplot -e "folder='build/bench'" spec/bench/clients.gnuplot: clients.dat as bars, clients.svg.
set terminal svg size 1000,900 font "sans,13" background "white"
set output folder . "/clients.svg"
set datafile separator "\t"
data = folder . "/clients.dat"
array titles[4] = ["", "processor time a call, ms", "first deletion of a fresh process, ms", "peak memory, MiB"]
array most[4]
do for [i = 2:4] {
  stats data using i nooutput
  most[i] = STATS_max
}
set yrange [STATS_records - 0.4 : -0.6] # the first row on top
set style fill solid 0.8 noborder
set border 2
set lmargin 32
set ytics nomirror scale 0
unset xtics
unset key
color(name) = strstrt(name, "this module") ? 0xd07830 : 0x4878a8
set multiplot layout 3,1
do for [i = 2:4] {
  set title titles[i]
  set xrange [0 : most[i] * 1.1]
  plot data using (column(i) / 2):0:(0):(column(i)):($0 - 0.35):($0 + 0.35):(color(strcol(1))):ytic(1) \
      with boxxyerror linecolor rgb variable, \
    data using (column(i)):0:(sprintf("%.2f", column(i))) with labels left offset 0.5,0 font ",11"
}
uncolor(name) = strstrt(name, "this module") ? 0xd07830 : 0x4878a8
set multiplot
