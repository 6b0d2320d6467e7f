module dozen/app

go 1.26
