using Microsoft.Extensions.FileProviders;

namespace HubshareDemo.Http;

/// <summary>The built demo page, from a folder. Always revalidated: a rebuilt page or worker must not come from a cache.</summary>
public static class StaticSite
{
    public static IApplicationBuilder UseStaticSite(this IApplicationBuilder app, string folder)
    {
        var options = new FileServerOptions { FileProvider = new PhysicalFileProvider(folder), EnableDirectoryBrowsing = false };
        options.StaticFileOptions.OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache";
        return app.UseFileServer(options);
    }
}
