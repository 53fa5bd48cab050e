module quintet.example/filter

go 1.21
