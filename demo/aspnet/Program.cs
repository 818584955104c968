// Starts the demo hub on ASP.NET Core and says on one line where it listens.
using HubshareDemo;

DemoOptions options;
try
{
    options = DemoOptions.Parse(args, Environment.GetEnvironmentVariable("DEMO_SIGNING_KEY"));
}
catch (ArgumentException error)
{
    await Console.Error.WriteLineAsync($"{error.Message}\n{DemoOptions.Usage}");
    return 2;
}

await using var app = DemoServer.Build(options);
try
{
    await app.StartAsync();
}
catch (IOException error)
{
    await Console.Error.WriteLineAsync(error.Message);
    return 1;
}

Console.WriteLine($"hub listening on {app.Urls.First()}");
await app.WaitForShutdownAsync();
return 0;
