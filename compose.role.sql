-- What compose.yaml's PostgreSQL runs once, when its data folder is made: the application gets a role of its own that
-- owns its database and nothing else, and the superuser keeps no password, so that nobody reaches it over the network.
\getenv password POSTGRES_PASSWORD
create role billing login password :'password';
create database billing owner billing;
alter role postgres password null;
